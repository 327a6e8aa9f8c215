import sharp from 'sharp';
import { UploadsService } from '../../../src/uploads/uploads.service';
import type { Area } from '../../support/areas';
import { conversationOf, giveToSomebodyElse, integrationOf } from '../../support/crm';
import type { Caller } from '../../support/system';

const TEMPLATE = { name: 'hello', language: 'en' };
let sends = 0;

/** To somebody nobody has written to, so that no conversation of anybody is in the way. */
const sendTo = (caller: Caller, more: object, path = 'send-message') =>
  caller.post(`/meta-whatsapp/webhook/${path}`, {
    to: `+54911${String(++sends).padStart(8, '0')}`,
    ...more,
  });

export const outboundArea: Area = {
  name: 'what is sent',
  make: async (system, workspace) => {
    const conversation = await conversationOf(system, workspace);
    const [message] = await system.sql<{ id: string }>(
      'select min(id) as id from message where workspace_id = $1 and conversation_id = $2',
      [workspace.id, conversation],
    );
    return { conversation, message: Number(message!.id) };
  },
  hide: (system, _, ids) => giveToSomebodyElse(system, ids['conversation']!),
  tries: [
    {
      route: 'POST /messages/conversation/:id/typing',
      call: (c, ids) => c.post(`/messages/conversation/${ids['conversation']}/typing`),
    },
    {
      route: 'POST /messages',
      call: (c, ids) =>
        c.post('/messages', { conversation_id: ids['conversation'], type: 'template', payload: TEMPLATE }),
    },
    {
      route: 'POST /messages',
      call: (c, ids, own) =>
        c.post('/messages', {
          conversation_id: own['conversation'],
          type: 'reaction',
          payload: { message_id: ids['message'], emoji: '👍' },
        }),
    },
  ],
};

/** What is nobody's in particular, so that nothing hides it. */
export const outboundMeansArea: Area = {
  name: 'what is sent with',
  make: async (system, workspace) => {
    const uploads = system.app.get(UploadsService, { strict: false });
    const png = await sharp({ create: { width: 4, height: 3, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const upload = await uploads.store({ workspaceId: workspace.id, userId: null }, png, {
      name: 'Theirs.png',
    });
    const integration = await integrationOf(system, workspace);
    await system.sql(
      `update whatsapp_integration_config set business_account_id = '102290129340398' where id = $1`,
      [integration],
    );
    return { conversation: await conversationOf(system, workspace), upload: upload.id, integration };
  },
  tries: [
    {
      route: 'POST /messages',
      call: (c, ids, own) =>
        c.post('/messages', {
          conversation_id: own['conversation'],
          attachments: [{ upload_id: ids['upload'] }],
        }),
    },
    {
      route: 'POST /meta-whatsapp/webhook/send-message',
      call: (c, ids) => sendTo(c, { template: TEMPLATE, integration_id: ids['integration'] }),
    },
    {
      route: 'GET /whatsapp-integration-config/:id/templates',
      call: (c, ids) => c.get(`/whatsapp-integration-config/${ids['integration']}/templates`),
    },
    {
      route: 'POST /whatsapp-integration-config/:id/templates/sync',
      call: (c, ids) => c.post(`/whatsapp-integration-config/${ids['integration']}/templates/sync`),
    },
  ],
};
