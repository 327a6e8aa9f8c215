import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';

interface Message {
  name: string;
  headers?: object;
  payload: object;
  examples: { payload: unknown; headers?: unknown }[];
}

const DOCUMENT = join(__dirname, '../../docs/generated/asyncapi.json');

/** The socket as it is documented: what a test holds against what the server says. */
export class SocketDocument {
  readonly json = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as {
    operations: Record<string, { action: string; messages: { $ref: string }[] }>;
    components: { messages: Record<string, Message>; schemas: Record<string, object> };
  };
  /** All that the server may say. */
  readonly events: string[];
  /** The same on the namespace `/`. */
  readonly chatEvents: string[];
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: true });

  constructor() {
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: 'document', ...this.json });
    const { messages } = this.json.components;
    const saidIn = (operation: string): string[] =>
      this.json.operations[operation]!.messages.map(({ $ref }) => messages[$ref.split('/').at(-1)!]!.name);
    this.events = saidIn('tell');
    this.chatEvents = saidIn('chat.tell');
  }

  /** What is wrong with an event as it was heard; empty where nothing is. */
  problemsOf(event: string, payload: unknown, meta: unknown): string[] {
    if (!this.events.includes(event)) return [`${event} is not documented`];
    const key = event.replaceAll(':', '_');
    const problems = this.check(`${key}/payload`, payload, event);
    if (meta !== undefined) {
      if (this.json.components.messages[key]!.headers === undefined)
        problems.push(`${event}: a second argument is not documented`);
      else problems.push(...this.check(`${key}/headers`, meta, `${event} (meta)`));
    }
    return problems;
  }

  /** What is wrong with an acknowledgement. */
  problemsOfAnswer(message: string, answer: unknown): string[] {
    return this.check(`${message.replaceAll(':', '_')}_answer/payload`, answer, `the answer to ${message}`);
  }

  /** The same on the namespace `/`. */
  problemsOfChat(event: string, payload: unknown): string[] {
    if (!this.chatEvents.includes(event)) return [`${event} is not documented`];
    return this.check(`chat.${event}/payload`, payload, event);
  }

  problemsOfChatAnswer(message: string, answer: unknown): string[] {
    return this.check(`chat.${message}_answer/payload`, answer, `the answer to ${message}`);
  }

  private check(place: string, value: unknown, what: string): string[] {
    const validate = this.ajv.getSchema(`document#/components/messages/${place}`) as
      ValidateFunction | undefined;
    if (validate === undefined) return [`${what} is not documented`];
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      (error) => `${what}: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
    );
  }
}

export const SOCKET_DOCUMENT = new SocketDocument();
