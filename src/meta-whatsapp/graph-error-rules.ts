/**
 * What follows from an error of Meta's:
 * - `retry`: surely not accepted, try again with growing gaps
 * - `reconcile`: it may have been accepted all the same; wait for a status echo before trying again
 * - `slow_number`: pause everything this number sends
 * - `slow_pair`: pause what this number sends to this customer only
 * - `window`: the 24 hours after the customer's last message are over
 * - `permanent`: this message will never go out as it is
 * - `account`: nothing of this sender will go out until somebody repairs the account
 */
export type GraphErrorClass =
  'retry' | 'reconcile' | 'slow_number' | 'slow_pair' | 'window' | 'permanent' | 'account';

export interface GraphErrorRule {
  class: GraphErrorClass;
  /** For the agent: what happened and what to do. */
  reason: string;
  /** At the earliest after so long; for a class that is not repeated by itself, advice to people. */
  retryAfterSeconds?: number;
  maxAttempts?: number;
}

export const MAX_RECONCILED_ATTEMPTS = 3;

const MINUTE = 60;
const HOUR = 3_600;

type Rules = readonly (readonly [codes: readonly number[], rule: GraphErrorRule])[];

const rule = (
  errorClass: GraphErrorClass,
  reason: string,
  limits: Pick<GraphErrorRule, 'retryAfterSeconds' | 'maxAttempts'> = {},
): GraphErrorRule => ({ class: errorClass, reason, ...limits });

const unclear = (reason: string): GraphErrorRule =>
  rule('reconcile', reason, { maxAttempts: MAX_RECONCILED_ATTEMPTS });

const RULES: Rules = [
  // the sender
  [
    [0, 104, 190],
    rule(
      'account',
      'WhatsApp no longer accepts the access token of this number. Renew the token; waiting messages then go out.',
    ),
  ],
  [
    [3, 10, 131005],
    rule(
      'account',
      'The access token lacks a permission for this number. Grant it in Meta Business settings; waiting messages then go out.',
    ),
  ],
  [
    [33],
    rule(
      'account',
      'WhatsApp does not know this business number: it was deleted, or the token belongs to another business. Check the channel settings.',
    ),
  ],
  [
    [368],
    rule(
      'account',
      'Meta has restricted this WhatsApp account for breaking a policy. Look in Meta Business Support.',
    ),
  ],
  [
    [131031],
    rule(
      'account',
      'Meta has locked this WhatsApp account, or its PIN does not match. Look in Meta Business Support.',
    ),
  ],
  [[131037], rule('account', 'The display name of this number is not approved. Ask Meta to approve it.')],
  [
    [131042, 131044],
    rule('account', 'Meta could not charge for messages. Check the payment method of the WhatsApp account.'),
  ],
  [
    [131045, 133010],
    rule(
      'account',
      'This number is not registered with the WhatsApp Cloud API. Register it, then try again.',
    ),
  ],
  [
    [131048],
    rule(
      'account',
      'Too many messages of this number were reported as spam, so Meta limits it. Stop campaigns and wait some hours.',
      { retryAfterSeconds: 4 * HOUR },
    ),
  ],
  [
    [131064],
    rule(
      'account',
      'Meta limits this account because of wrongly categorised templates; it lifts the limit by itself.',
      { retryAfterSeconds: 24 * HOUR },
    ),
  ],
  [
    [134011, 134102],
    rule(
      'account',
      'A Meta service that this message needs is not set up for the account. Accept its terms in Meta Business settings.',
    ),
  ],
  [
    [133005, 133006, 133008, 133009, 133016],
    rule(
      'account',
      'The registration of this number with WhatsApp is incomplete. Finish it in WhatsApp Manager.',
    ),
  ],
  // the speed
  [
    [130429],
    rule(
      'slow_number',
      'This number is sending faster than WhatsApp allows. The message goes out a little later.',
    ),
  ],
  [
    [4],
    rule('slow_number', 'Our application asks WhatsApp too often. The message goes out later.', {
      retryAfterSeconds: 5 * MINUTE,
    }),
  ],
  [
    [80007],
    rule('slow_number', 'This WhatsApp account has reached its rate limit. The message goes out later.', {
      retryAfterSeconds: 5 * MINUTE,
    }),
  ],
  [
    [613],
    rule('slow_number', 'Too many requests of this kind were sent. The message goes out later.', {
      retryAfterSeconds: MINUTE,
    }),
  ],
  [
    [131057],
    rule(
      'slow_number',
      'WhatsApp is maintaining this number for a moment. The message goes out in a few minutes.',
      { retryAfterSeconds: MINUTE },
    ),
  ],
  [
    [131208],
    rule('slow_number', 'Too many requests for groups were sent. The message goes out later.', {
      retryAfterSeconds: MINUTE,
    }),
  ],
  [
    [131056],
    rule(
      'slow_pair',
      'Too many messages went to this customer in a short time. The message goes out a little later.',
    ),
  ],
  // Meta's own trouble
  [
    [1, 2, 131000, 131016],
    unclear(
      'WhatsApp had a fault while taking the message. We check whether it was sent and otherwise try again.',
    ),
  ],
  [
    [133004, 134101],
    rule('retry', 'WhatsApp is not ready for this number yet. The message is tried again.', {
      retryAfterSeconds: 10 * MINUTE,
    }),
  ],
  [
    [133000, 133015],
    rule('retry', 'WhatsApp is still changing the registration of this number. The message is tried again.', {
      retryAfterSeconds: 5 * MINUTE,
    }),
  ],
  // the customer
  [
    [131047],
    rule(
      'window',
      'More than 24 hours have passed since the customer last wrote. Send an approved template, or wait for the customer to write.',
    ),
  ],
  [
    [131026],
    rule(
      'permanent',
      'WhatsApp cannot deliver to this customer: the number may not use WhatsApp, or the app is too old or its terms not accepted. Check the number or use another channel.',
    ),
  ],
  [[130403], rule('permanent', 'You have blocked this customer. Unblock them to write to them.')],
  [
    [130472],
    rule(
      'permanent',
      'Meta withholds marketing messages from this customer as part of an experiment. Use another channel, or wait for the customer to write.',
    ),
  ],
  [[130497], rule('permanent', 'This WhatsApp account may not write to customers in that country.')],
  [
    [131049],
    rule(
      'permanent',
      'Meta withheld this marketing message to keep this customer from getting too many. Wait a day or more before another one.',
      { retryAfterSeconds: 24 * HOUR },
    ),
  ],
  [
    [131050],
    rule(
      'permanent',
      'The customer has stopped marketing messages from your business. Do not send them any.',
    ),
  ],
  [
    [131062],
    rule(
      'permanent',
      'This kind of message needs a phone number, and this customer has not shared one. Ask for it first.',
    ),
  ],
  [
    [137000],
    rule(
      'permanent',
      'The security code of this customer has changed. Make sure it is still the same person before writing.',
    ),
  ],
  [[131021], rule('permanent', 'The recipient is the business number itself.')],
  [
    [131030],
    rule('permanent', 'This is a test number, and the recipient is not on its list of allowed numbers.'),
  ],
  [
    [131036],
    rule(
      'permanent',
      'The message did not reach every device of the customer. Send it again if they have not answered.',
    ),
  ],
  // the message
  [
    [100, 131008, 131009, 135000],
    rule('permanent', 'WhatsApp does not accept the content of this message. Change it and send it again.'),
  ],
  [[131051, 131055], rule('permanent', 'WhatsApp does not support this kind of message.')],
  [
    [131052, 131053],
    rule(
      'permanent',
      'WhatsApp could not take the attached file. Check its type and size and send it again.',
    ),
  ],
  [
    [131063, 134100],
    rule(
      'permanent',
      'This account sends marketing messages another way. Send the template as a marketing message.',
    ),
  ],
  [[131020, 131041, 131059, 131207], rule('permanent', 'WhatsApp cannot send to this group.')],
  [[131035], rule('permanent', 'WhatsApp had already discarded the content of this message.')],
  [
    [132000, 132005, 132008, 132012, 132018],
    rule(
      'permanent',
      'The values for this template do not fit it. Check the number, kind and length of the variables.',
    ),
  ],
  [
    [132001],
    rule(
      'permanent',
      'This template does not exist in that language or is not approved. Synchronise the templates and choose another.',
    ),
  ],
  [
    [132007],
    rule('permanent', 'The content of this template breaks a policy of WhatsApp. Change the template.'),
  ],
  [
    [132015],
    rule('permanent', 'Meta has paused this template because of poor feedback. Use another one, or edit it.'),
  ],
  [[132016], rule('permanent', 'Meta has disabled this template for good. Make a new one.')],
  [[132068], rule('permanent', 'The form in this message is blocked. Repair it in WhatsApp Manager.')],
  [
    [132069],
    rule(
      'permanent',
      'The form in this message may be sent only ten times an hour for now. Send it later, and repair the form.',
      { retryAfterSeconds: HOUR },
    ),
  ],
];

const BY_CODE: ReadonlyMap<number, GraphErrorRule> = new Map(
  RULES.flatMap(([codes, each]) => codes.map((code): [number, GraphErrorRule] => [code, each])),
);

const RANGES: readonly (readonly [from: number, to: number, rule: GraphErrorRule])[] = [
  [
    200,
    299,
    rule(
      'account',
      'The access token lacks a permission for this number. Grant it in Meta Business settings; waiting messages then go out.',
    ),
  ],
  [131201, 131215, rule('permanent', 'WhatsApp cannot send to this group.')],
  [
    132000,
    132999,
    rule(
      'permanent',
      'WhatsApp does not accept this template message. Check the template in WhatsApp Manager.',
    ),
  ],
  [138000, 138018, rule('permanent', 'WhatsApp does not allow this call.')],
  [139000, 139103, rule('permanent', 'WhatsApp does not accept this form or block request.')],
  [147001, 147005, rule('permanent', 'WhatsApp does not accept this business user name.')],
];

/**
 * The rule for one of Meta's error codes; null for a code we do not know.
 * Source: Meta "Error codes", read 2026-09-11; the classes are our reading.
 */
export function ruleForCode(code: number): GraphErrorRule | null {
  return BY_CODE.get(code) ?? RANGES.find(([from, to]) => code >= from && code <= to)?.[2] ?? null;
}

/** The rule for an answer without a known code. A 4xx was surely not accepted; a 5xx may have been. */
export function ruleForHttpStatus(status: number | null): GraphErrorRule {
  if (status === 429)
    return rule('slow_number', 'WhatsApp asks us to send more slowly. The message goes out later.', {
      retryAfterSeconds: MINUTE,
    });
  if (status === 401 || status === 403)
    return rule('account', 'WhatsApp did not let this number in. Check its access token and permissions.');
  if (status === 408) return rule('retry', 'WhatsApp did not get the message in time. It is tried again.');
  if (status !== null && (status >= 500 || status < 300))
    return unclear(
      'WhatsApp had a fault that we do not know. We check whether the message was sent and otherwise try again.',
    );
  if (status !== null && status >= 300 && status < 400)
    return rule(
      'permanent',
      'The address of WhatsApp in our settings leads elsewhere. The message was not sent; tell your administrator.',
    );
  return rule(
    'permanent',
    'WhatsApp refused the message for a reason that we do not know. Tell your administrator.',
  );
}
