import { flagOf, type Loose, objectOf, present, textOf, timeOf } from './loose-json';
import type { InteractiveContent } from './message-payload';
import { storableJson } from './storable-text';

const MAX_REPLY_ID = 256;

const READERS: ReadonlyMap<string, (reply: Loose) => InteractiveContent> = new Map([
  ['button_reply', buttonReply],
  ['list_reply', listReply],
  ['nfm_reply', formReply],
  ['call_permission_reply', callPermission],
]);

/** What the customer chose or filled in; null if the object that its `type` names is missing. */
export function interactiveContentOf(interactive: Loose): InteractiveContent | null {
  const type = textOf(interactive.type, 64);
  if (type === null) return null;
  const reply = objectOf(interactive[type]);
  if (reply === null) return null;
  const read = READERS.get(type);
  if (read) return read(reply);
  return { kind: 'interactive', interactive_type: 'other', subtype: type, value: storableJson(reply) };
}

function buttonReply(reply: Loose): InteractiveContent {
  return {
    kind: 'interactive',
    interactive_type: 'button_reply',
    button_reply: { id: textOf(reply.id, MAX_REPLY_ID), title: textOf(reply.title) },
  };
}

function listReply(reply: Loose): InteractiveContent {
  return {
    kind: 'interactive',
    interactive_type: 'list_reply',
    list_reply: {
      id: textOf(reply.id, MAX_REPLY_ID),
      title: textOf(reply.title),
      ...present({ description: textOf(reply.description) }),
    },
  };
}

function formReply(reply: Loose): InteractiveContent {
  const response = jsonObjectIn(reply.response_json);
  return {
    kind: 'interactive',
    interactive_type: 'nfm_reply',
    nfm_reply: present({
      name: textOf(reply.name),
      body: textOf(reply.body),
      response,
      response_text: response === null ? textOf(reply.response_json) : null,
    }),
  };
}

function callPermission(reply: Loose): InteractiveContent {
  return {
    kind: 'interactive',
    interactive_type: 'call_permission_reply',
    call_permission_reply: {
      response: textOf(reply.response, 64),
      ...present({
        is_permanent: flagOf(reply.is_permanent),
        expires_at: timeOf(reply.expiration_timestamp)?.toISOString() ?? null,
        response_source: textOf(reply.response_source, 64),
      }),
    },
  };
}

/** Meta sends the form as JSON inside a text; a flow of one's own making may put anything there. */
function jsonObjectIn(value: unknown): Loose | null {
  if (typeof value !== 'string') return null;
  try {
    const parsed = objectOf(JSON.parse(value));
    return parsed && (storableJson(parsed) as Loose);
  } catch {
    return null;
  }
}
