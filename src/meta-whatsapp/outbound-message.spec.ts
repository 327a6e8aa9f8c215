import { outboundText } from './outbound-message';

const rest = { body: 'Olá', callbackData: 'outbox:42' };

describe('outboundText', () => {
  it('is the request Meta documents', () => {
    expect(outboundText({ to: '5511999990000', replyToWamid: 'wamid.Q', ...rest })).toStrictEqual({
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
    expect(outboundText({ to, ...rest })).toMatchObject({ to: '+5511999990000' });
  });

  it('goes to the user id if there is no phone number', () => {
    const request = outboundText({ to: null, recipient: 'BR.1349', replyToWamid: null, ...rest });
    expect(request).toMatchObject({ recipient: 'BR.1349' });
    expect(request).not.toHaveProperty('to');
    expect(request).not.toHaveProperty('context');
    expect(outboundText({ to: '55', recipient: 'BR.1349', ...rest })).not.toHaveProperty('recipient');
  });

  it('refuses to go nowhere', () => {
    expect(() => outboundText({ to: '', ...rest })).toThrow(RangeError);
  });
});
