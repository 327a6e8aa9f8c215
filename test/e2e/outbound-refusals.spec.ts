import { BUTTONS, CARD, CTA, LIST } from '../support/outgoing-contents';
import { codeOf, conversationOf, newPhone, type Shown } from '../support/sending';
import { type Answer, type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let phone: string;
let conversation: number;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
});
beforeEach(async () => {
  system.meta.reset();
  phone = newPhone();
  conversation = await conversationOf(system, phone);
});
afterAll(() => system.stop());

const post = (content: object): Promise<Answer<Shown>> =>
  admin.post<Shown>('/messages', { conversation_id: conversation, ...content });

describe('POST /messages refuses, naming the field,', () => {
  const payload = (more: object, of: { payload: object } = BUTTONS): object => ({
    ...of,
    payload: { ...of.payload, ...more },
  });
  const buttons = (count: number): object[] =>
    Array.from({ length: count }, (_, i) => ({ id: `b${i}`, title: `${i}` }));
  const section = (count: number, more: object = {}): object => ({
    title: 'T',
    rows: buttons(count),
    ...more,
  });
  const card = (more: object): object => ({
    type: 'contacts',
    payload: { contacts: [{ ...CARD, ...more }] },
  });
  const place = (more: object): object => ({
    type: 'location',
    payload: { latitude: 0, longitude: 0, ...more },
  });
  const template = (more: object): object => ({
    type: 'template',
    payload: { name: 'a', language: 'en', ...more },
  });
  const media = (more: object): object => ({ type: 'image', payload: { link: 'https://x.test/a', ...more } });

  test.each<[string, object, string]>([
    ['a type that is none', { type: 'poll', body: 'x' }, 'type'],
    ['a type that is a name of every object', { type: 'constructor', body: 'x' }, 'type'],
    ['a text with a payload', { body: 'x', payload: {} }, 'payload'],
    ['a payload that is a list', { ...BUTTONS, payload: [] }, 'payload'],
    ['a payload that is a text', { ...BUTTONS, payload: 'x' }, 'payload'],
    ['a place without a payload', { type: 'location' }, 'payload'],
    ['a place with a body', { ...place({}), body: 'x' }, 'body'],
    ['a latitude beyond the pole', place({ latitude: 90.1 }), 'payload.latitude'],
    ['a latitude that is a text', place({ latitude: '1' }), 'payload.latitude'],
    ['a longitude beyond the date line', place({ longitude: -181 }), 'payload.longitude'],
    ['an unknown field of a place', place({ zoom: 3 }), 'payload.zoom'],
    ['no contacts', { type: 'contacts', payload: { contacts: [] } }, 'payload.contacts'],
    ['a contact without a name', card({ name: undefined }), 'payload.contacts.0.name'],
    ['a contact whose name is a text', card({ name: 'Bia' }), 'payload.contacts.0.name'],
    ['a contact with an unknown field', card({ age: 3 }), 'payload.contacts.0.age'],
    ['a birthday that is none', card({ birthday: '31.12.1990' }), 'payload.contacts.0.birthday'],
    ['a phone of a contact that is a text', card({ phones: ['1'] }), 'payload.contacts.0.phones.0'],
    ['buttons without words', { ...BUTTONS, body: undefined }, 'body'],
    ['words above buttons that are too long', { ...BUTTONS, body: 'x'.repeat(1_025) }, 'body'],
    ['an interactive type that is none', payload({ interactive_type: 'flow' }), 'payload.interactive_type'],
    [
      'an interactive type of every object',
      payload({ interactive_type: 'toString' }),
      'payload.interactive_type',
    ],
    ['no buttons', payload({ buttons: [] }), 'payload.buttons'],
    ['four buttons', payload({ buttons: buttons(4) }), 'payload.buttons'],
    ['buttons with the same id', payload({ buttons: [...buttons(1), ...buttons(1)] }), 'payload.buttons'],
    [
      'a title of 21 characters',
      payload({ buttons: [{ id: 'a', title: 'x'.repeat(21) }] }),
      'payload.buttons.0.title',
    ],
    ['a title of blanks', payload({ buttons: [{ id: 'a', title: '  ' }] }), 'payload.buttons.0.title'],
    [
      'an id of 257 characters',
      payload({ buttons: [{ id: 'x'.repeat(257), title: 'a' }] }),
      'payload.buttons.0.id',
    ],
    ['a button without an id', payload({ buttons: [{ title: 'a' }] }), 'payload.buttons.0.id'],
    [
      'a header of 61 characters',
      payload({ header: { type: 'text', text: 'x'.repeat(61) } }),
      'payload.header.text',
    ],
    ['a header of text without one', payload({ header: { type: 'text' } }), 'payload.header'],
    [
      'a header of text with a file',
      payload({ header: { type: 'text', text: 'a', upload_id: 1 } }),
      'payload.header',
    ],
    ['a header that is an image without one', payload({ header: { type: 'image' } }), 'payload.header'],
    [
      'a header that nobody uploaded',
      payload({ header: { type: 'image', upload_id: 999_999 } }),
      'payload.header.upload_id',
    ],
    ['a footer of 61 characters', payload({ footer: 'x'.repeat(61) }), 'payload.footer'],
    ['fields of a list with buttons', payload({ sections: [] }), 'payload.sections'],
    ['a list without sections', payload({ sections: [] }, LIST), 'payload.sections'],
    [
      'eleven sections',
      payload({ sections: Array.from({ length: 11 }, () => section(1)) }, LIST),
      'payload.sections',
    ],
    ['eleven rows', payload({ sections: [section(11)] }, LIST), 'payload.sections'],
    [
      'eleven rows in two sections',
      payload({ sections: [section(6), section(5)] }, LIST),
      'payload.sections',
    ],
    ['rows with the same id', payload({ sections: [section(1), section(1)] }, LIST), 'payload.sections'],
    [
      'one of two sections without a title',
      payload({ sections: [section(1), section(1, { title: undefined })] }, LIST),
      'payload.sections.1.title',
    ],
    [
      'a row title of 25 characters',
      payload({ sections: [{ rows: [{ id: 'a', title: 'x'.repeat(25) }] }] }, LIST),
      'payload.sections.0.rows.0.title',
    ],
    [
      'a row description of 73 characters',
      payload({ sections: [{ rows: [{ id: 'a', title: 'a', description: 'x'.repeat(73) }] }] }, LIST),
      'payload.sections.0.rows.0.description',
    ],
    ['a list button of 21 characters', payload({ button: 'x'.repeat(21) }, LIST), 'payload.button'],
    [
      'a list under an image',
      payload({ header: { type: 'image', link: 'https://x.test/a.png' } }, LIST),
      'payload.header.type',
    ],
    [
      'a page button of 21 characters',
      payload({ display_text: 'x'.repeat(21) }, CTA),
      'payload.display_text',
    ],
    ['a page that is no page', payload({ url: 'javascript:alert(1)' }, CTA), 'payload.url'],
    ['a template without a language', template({ language: undefined }), 'payload.language'],
    ['a template name with capitals', template({ name: 'Hello' }), 'payload.name'],
    ['an empty variable of a template', template({ body: [{ text: '' }] }), 'payload.body.0.text'],
    ['a header of a template that is nothing', template({ header: {} }), 'payload.header'],
    [
      'a header of a template that is two things',
      template({ header: { value: { text: 'a' }, location: { latitude: 0, longitude: 0 } } }),
      'payload.header',
    ],
    [
      'a file in a header without its type',
      template({ header: { link: 'https://x.test' } }),
      'payload.header.type',
    ],
    [
      'an eleventh button of a template',
      template({ buttons: [{ index: 10, type: 'url', value: 'a' }] }),
      'payload.buttons.0.index',
    ],
    [
      'a code of 16 characters',
      template({ buttons: [{ index: 0, type: 'copy_code', value: 'x'.repeat(16) }] }),
      'payload.buttons.0.value',
    ],
    ['an image that is nowhere', { type: 'image' }, 'payload'],
    ['an image that is nowhere, in so many words', { type: 'image', payload: {} }, 'payload'],
    ['an image in two places', media({ media_id: '1' }), 'payload'],
    ['an address that is not https', media({ link: 'http://x.test/a' }), 'payload.link'],
    ['a caption of 1,025 characters', { ...media({}), body: 'x'.repeat(1_025) }, 'body'],
    ['a caption of an audio', { ...media({}), type: 'audio', body: 'x' }, 'body'],
    ['a caption of a sticker', { ...media({}), type: 'sticker', body: 'x' }, 'body'],
    ['an upload that is none', { attachments: [{ upload_id: 999_999 }] }, 'attachments.0.upload_id'],
    ['an upload without an id', { attachments: [{}] }, 'attachments.0.upload_id'],
    ['eleven uploads', { attachments: Array.from({ length: 11 }, () => ({ upload_id: 1 })) }, 'attachments'],
    ['attachments of a text', { type: 'text', body: 'x', attachments: [{ upload_id: 1 }] }, 'type'],
    ['attachments and an address', { ...media({}), attachments: [{ upload_id: 1 }] }, 'payload'],
    ['two captions', { body: 'x', attachments: [{ upload_id: 1, caption: 'y' }] }, 'body'],
    [
      'a reaction to what is no id',
      { type: 'reaction', payload: { message_id: 'x', emoji: '👍' } },
      'payload.message_id',
    ],
    ['a reaction without an emoji', { type: 'reaction', payload: { message_id: 1 } }, 'payload.emoji'],
    [
      'a reaction that quotes',
      { type: 'reaction', payload: { message_id: 1, emoji: '👍' }, reply_to_id: 1 },
      'reply_to_id',
    ],
  ])('%s', async (_, content, field) => {
    const answer = await post(content);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
    const details = answer.body['details'] as { field: string; problem: string }[];
    expect(details.map((one) => one.field)).toContain(field);
    expect(answer.body['message']).toMatch(/\w+ .+/);
    expect(await system.sql('select 1 from message where conversation_id = $1', [conversation])).toHaveLength(
      1,
    );
  });
});
