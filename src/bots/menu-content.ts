import { traitsOf } from '../conversations/channel-traits.port';
import type { MessageDto } from '../messages/messages.types';
import type { ContentInput } from '../messages/outgoing.types';
import { type Heard, numbered, type Said } from './keyword-menu';

/** What channels with buttons show beside a text: three of them, or a list of ten rows. */
const MAX_BUTTONS = 3;
const BUTTON_TITLE = 20;
const MAX_ROWS = 10;
const ROW_TITLE = 24;

/** As buttons or as a list where the channel has them and all of the menu fits; as a numbered text otherwise. */
export function contentOf(said: Said, channel: string, listButton: string): ContentInput {
  const { text, options } = said;
  if (options.length === 0) return { type: 'text', body: text };
  const fit = (length: number): boolean => options.every(({ title }) => title.length <= length);
  if (traitsOf(channel).buttons) {
    if (options.length <= MAX_BUTTONS && fit(BUTTON_TITLE))
      return { type: 'interactive', body: text, payload: { interactive_type: 'button', buttons: options } };
    if (options.length <= MAX_ROWS && fit(ROW_TITLE))
      return {
        type: 'interactive',
        body: text,
        payload: { interactive_type: 'list', button: listButton, sections: [{ rows: options }] },
      };
  }
  return { type: 'text', body: numbered(said) };
}

/** What a message of a customer says to a menu. */
export function heardOf(message: MessageDto): Heard {
  const payload = message.payload as Record<string, unknown> | null;
  return { text: message.body, replyId: replyIdOf(payload) };
}

function replyIdOf(payload: Record<string, unknown> | null): string | null {
  const chosen = (payload?.['button_reply'] ?? payload?.['list_reply']) as { id?: unknown } | undefined;
  return typeof chosen?.id === 'string' ? chosen.id : null;
}
