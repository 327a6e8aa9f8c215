/** What clients on /crm hear about bots. */
export const BOT_EVENTS = {
  /** A bot gave a conversation to people. */
  HANDOFF: 'bot:handoff',
} as const;

/** Why a bot gave a conversation to people. */
export type HandoffReason =
  /** The customer asked for a person, or chose an option that brings one. */
  | 'asked_for'
  | 'not_understood'
  /** The bot's service asked for it. */
  | 'service_asked'
  /** The bot's service could not be reached or answered with an error. */
  | 'service_failed'
  /** The bot's service answered something that cannot be used. */
  | 'answer_invalid'
  | 'too_many_replies'
  | 'bot_disabled'
  /** The server itself failed. */
  | 'error';

/** Payload of `bot:handoff`. */
export interface BotHandoff {
  conversation_id: number;
  bot_id: number;
  reason: HandoffReason;
  /** For people, where more is known. */
  detail: string | null;
}
