import { outboundMessage } from './outbound-message';

const envelope = { to: '5511999990000', callbackData: 'outbox:42' };
const text = { type: 'text', body: 'Olá', payload: null, mediaId: null };

/** What stands under the type's own name. */
function partOf(type: string, payload: object, mediaId: string | null = null): unknown {
  return (outboundMessage(envelope, { type, body: '[shown]', payload, mediaId }) as Record<string, unknown>)[
    type
  ];
}

describe('the request around a content', () => {
  it('is what Meta documents', () => {
    expect(outboundMessage({ ...envelope, replyToWamid: 'wamid.Q' }, text)).toStrictEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '+5511999990000',
      type: 'text',
      text: { body: 'Olá', preview_url: false },
      context: { message_id: 'wamid.Q' },
      biz_opaque_callback_data: 'outbox:42',
    });
  });

  it.each(['5511999990000', '+5511999990000', '+55 (11) 99999-0000'])('writes %s with a plus', (to) => {
    expect(outboundMessage({ ...envelope, to }, text)).toMatchObject({ to: '+5511999990000' });
  });

  it('goes to the user id if there is no phone number', () => {
    const user = { recipient: 'BR.1349', callbackData: 'x' };
    const request = outboundMessage({ ...user, to: null, replyToWamid: null }, text);
    expect(request).toMatchObject({ recipient: 'BR.1349' });
    expect(request).not.toHaveProperty('to');
    expect(request).not.toHaveProperty('context');
    expect(outboundMessage({ ...user, to: '55' }, text)).not.toHaveProperty('recipient');
  });

  it('refuses to go nowhere', () => {
    expect(() => outboundMessage({ to: '', callbackData: 'x' }, text)).toThrow(RangeError);
  });

  it('is none for a type that WhatsApp has not', () => {
    expect(outboundMessage(envelope, { ...text, type: 'poll' })).toBeNull();
    expect(outboundMessage(envelope, { ...text, type: 'toString' })).toBeNull();
  });

  it('quotes nothing with a reaction, which names its message', () => {
    const reaction = {
      type: 'reaction',
      body: '👍',
      payload: { message_id: 'wamid.T', emoji: '👍' },
      mediaId: null,
    };
    const request = outboundMessage({ ...envelope, replyToWamid: 'wamid.T' }, reaction);
    expect(request).toMatchObject({ reaction: { message_id: 'wamid.T', emoji: '👍' } });
    expect(request).not.toHaveProperty('context');
  });
});

describe('each content in the form Meta documents', () => {
  it.each<[string, object, string | null, unknown]>([
    ['image', { media_id: null, caption: 'A cat' }, 'm1', { id: 'm1', caption: 'A cat' }],
    ['image', { media_id: null, link: 'https://x.test/a.png' }, null, { link: 'https://x.test/a.png' }],
    ['video', { media_id: 'theirs', filename: 'a.mp4' }, null, { id: 'theirs' }],
    ['audio', { media_id: null, voice: true }, 'm1', { id: 'm1', voice: true }],
    [
      'document',
      { media_id: null, caption: 'c', filename: 'a.pdf' },
      'm1',
      { id: 'm1', caption: 'c', filename: 'a.pdf' },
    ],
    ['sticker', { media_id: null }, 'm1', { id: 'm1' }],
    [
      'location',
      { latitude: 1.5, longitude: -2, name: 'Here', address: null },
      null,
      { latitude: 1.5, longitude: -2, name: 'Here' },
    ],
    ['reaction', { message_id: 'wamid.T', emoji: null }, null, { message_id: 'wamid.T', emoji: '' }],
    [
      'contacts',
      { contacts: [{ name: { formatted_name: 'Bia' }, phones: [{ phone: '+55 11 9' }], org: null }] },
      null,
      [{ name: { formatted_name: 'Bia', first_name: 'Bia' }, phones: [{ phone: '+55 11 9' }] }],
    ],
  ])('%s', (type, payload, mediaId, expected) => {
    expect(partOf(type, { kind: type, ...payload }, mediaId)).toStrictEqual(expected);
  });

  it('buttons', () => {
    const payload = {
      interactive_type: 'button',
      text: 'Which size?',
      header: { type: 'text', text: 'Shirts' },
      footer: 'Until Friday',
      buttons: [{ id: 's', title: 'Small' }],
    };
    expect(partOf('interactive', payload)).toStrictEqual({
      type: 'button',
      header: { type: 'text', text: 'Shirts' },
      body: { text: 'Which size?' },
      footer: { text: 'Until Friday' },
      action: { buttons: [{ type: 'reply', reply: { id: 's', title: 'Small' } }] },
    });
  });

  it('a list', () => {
    const payload = {
      interactive_type: 'list',
      text: 'Which size?',
      button: 'Sizes',
      sections: [{ title: null, rows: [{ id: 's', title: 'Small', description: 'up to 50 kg' }] }],
    };
    expect(partOf('interactive', payload)).toStrictEqual({
      type: 'list',
      body: { text: 'Which size?' },
      action: {
        button: 'Sizes',
        sections: [{ rows: [{ id: 's', title: 'Small', description: 'up to 50 kg' }] }],
      },
    });
  });

  it('a button that opens a page, under a file', () => {
    const payload = {
      interactive_type: 'cta_url',
      text: 'Your order',
      header: { type: 'document', upload_id: 5, filename: 'order.pdf' },
      display_text: 'Open',
      url: 'https://x.test/1',
    };
    expect(partOf('interactive', payload, 'm1')).toStrictEqual({
      type: 'cta_url',
      header: { type: 'document', document: { id: 'm1', filename: 'order.pdf' } },
      body: { text: 'Your order' },
      action: { name: 'cta_url', parameters: { display_text: 'Open', url: 'https://x.test/1' } },
    });
  });

  it('a template with everything', () => {
    const payload = {
      name: 'order_update',
      language: 'pt_BR',
      header: { type: 'image', upload_id: 5 },
      body: [{ name: 'first_name', text: 'Ana' }, { text: '3' }],
      buttons: [
        { index: 0, type: 'quick_reply', value: 'STOP' },
        { index: 1, type: 'url', value: '42' },
        { index: 2, type: 'copy_code', value: 'ABC' },
      ],
    };
    expect(partOf('template', payload, 'm1')).toStrictEqual({
      name: 'order_update',
      language: { code: 'pt_BR' },
      components: [
        { type: 'header', parameters: [{ type: 'image', image: { id: 'm1' } }] },
        {
          type: 'body',
          parameters: [
            { type: 'text', parameter_name: 'first_name', text: 'Ana' },
            { type: 'text', text: '3' },
          ],
        },
        {
          type: 'button',
          sub_type: 'quick_reply',
          index: '0',
          parameters: [{ type: 'payload', payload: 'STOP' }],
        },
        { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: '42' }] },
        {
          type: 'button',
          sub_type: 'copy_code',
          index: '2',
          parameters: [{ type: 'coupon_code', coupon_code: 'ABC' }],
        },
      ],
    });
  });

  it('a template without variables', () => {
    expect(partOf('template', { name: 'hello', language: 'en' })).toStrictEqual({
      name: 'hello',
      language: { code: 'en' },
    });
  });
});
