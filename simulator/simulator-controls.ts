import type { BusinessNumber } from './envelope';
import type { FaultSwitches } from './faults';
import type { Customer, InboundContent, InboundMedia } from './inbound-content';
import type { JsonObject } from './json-values';
import type { MediaStore } from './media-store';
import type { PhoneState } from './phone-state';
import type { StatusDelays } from './status-flow';
import type { PostOptions, WebhookResponse } from './webhook-sender';

export interface SimulatorOptions {
  /** 0 = any free one. */
  port?: number;
  /** Loopback unless told otherwise: the simulator has no login. */
  host?: string;
  webhookUrl?: string;
  appSecret: string;
  verifyToken?: string;
  phoneNumberId?: string;
  displayPhoneNumber?: string;
  businessAccountId?: string;
  /** When set, other bearer tokens get Graph's error 190. */
  accessToken?: string;
  /** Milliseconds after the acceptance; -1 = never by itself. Default 20, 60, 120. */
  statusDelaysMs?: StatusDelays;
  /** Gaps before each redelivery of a webhook that was not answered with 200. */
  redeliverAfterMs?: number[];
  /** Milliseconds until a webhook without an answer counts as failed. Default 20 000. */
  webhookTimeoutMs?: number;
  /** Milliseconds since 1970; for tests of what expires. */
  now?: () => number;
  /** 0 to 1; decides `failRate` and the order of `reorderStatuses`. */
  random?: () => number;
}

/** A message that Graph accepted. */
export interface AcceptedMessage {
  wamid: string;
  /** Digits of the phone number, or the user or group id. */
  to: string;
  /** The body of the request. */
  body: JsonObject;
  /** Milliseconds since 1970. */
  at: number;
  phoneNumberId: string;
  bizOpaqueCallbackData?: string;
}

/** A call of the Graph API. `status` is 0 when the connection was dropped without an answer. */
export interface GraphRequest {
  method: string;
  path: string;
  status: number;
  /** When it came, in milliseconds since 1970. */
  at: number;
}

/** The business said that it read a message (and with it all earlier ones of that customer). */
export interface ReadMark {
  messageId: string;
  typing: boolean;
  at: number;
}

export interface SayOptions {
  /** The wamid; a fresh one when left out. */
  id?: string;
  /** Unix seconds. */
  timestamp?: number | string;
  /** The wamid of the message it answers. */
  replyTo?: string;
  groupId?: string;
  /** Which number of the business it goes to; the first one when left out. */
  phoneNumberId?: string;
}

/** What the simulator lets its own pages do; the meaning of each is told at the class. */
export interface SimulatorControls {
  readonly url: string;
  webhookUrl: string | undefined;
  faults: FaultSwitches;
  readonly accepted: AcceptedMessage[];
  readonly requests: GraphRequest[];
  readonly readMarks: ReadMark[];
  readonly phone: PhoneState;
  readonly media: MediaStore;
  readonly number: BusinessNumber;
  readonly pending: number;
  hasNumber(phoneNumberId: string): boolean;
  customerSays(
    from: Customer,
    content: string | InboundContent,
    options?: SayOptions,
  ): Promise<{ wamid: string; response: WebhookResponse }>;
  customerSees(key: string): Promise<void>;
  post(body: unknown, options?: PostOptions): Promise<WebhookResponse>;
  sendStatus(wamid: string, status: string, extra?: JsonObject): Promise<WebhookResponse>;
  verify(): Promise<WebhookResponse & { challenge: string }>;
  putMedia(bytes: Buffer, mimeType: string): InboundMedia;
  reset(): void;
}
