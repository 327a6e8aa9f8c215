import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { AppError, invalid } from '../common/app-error';
import { ContactsService } from '../contacts/contacts.service';
import type { ContentInput, SentMessageDto } from '../messages/outgoing.types';
import { SendingService } from '../messages/sending.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { SendMediaDto, SendMessageDto } from './direct-sends.dto';
import { WHATSAPP } from './intake-mapping';
import { WhatsappIntegrationsService } from './whatsapp-integrations.service';

type Recipient = Pick<SendMessageDto, 'to' | 'integration_id' | 'phone_number_id'>;

/** Messages to a phone number rather than into a conversation; from there on they are like all others. */
@Injectable()
export class DirectSendsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly contacts: ContactsService,
    private readonly integrations: WhatsappIntegrationsService,
    private readonly sending: SendingService,
  ) {}

  async sendMessage(actor: StaffActor, input: SendMessageDto, key: string | null): Promise<SentMessageDto> {
    const { message, template } = input;
    if (Boolean(message) === Boolean(template)) throw invalid('message', 'Give either message or template.');
    const content: ContentInput = template ? { type: 'template', payload: template } : { body: message };
    return await this.send(actor, input, content, key);
  }

  async sendMedia(actor: StaffActor, input: SendMediaDto, key: string | null): Promise<SentMessageDto> {
    const { type, url: link, upload_id: uploadId, media_id, caption, filename } = input;
    if ([link, uploadId, media_id].filter((given) => (given ?? null) !== null).length !== 1)
      throw invalid('url', 'Give exactly one of url, upload_id and media_id.');
    const details = {
      ...(link === undefined || link === null ? {} : { link }),
      ...(media_id === undefined || media_id === null ? {} : { media_id }),
      ...(filename === undefined || filename === null ? {} : { filename }),
    };
    if (uploadId === undefined || uploadId === null) {
      if (!type)
        throw invalid(
          'type',
          'type says what stands at url or media_id: image, video, audio, document or sticker.',
        );
      return await this.send(actor, input, { type, body: caption, payload: details }, key);
    }
    const content = {
      type: type ?? undefined,
      body: caption,
      payload: filename ? details : null,
      attachments: [{ upload_id: uploadId }],
    };
    return await this.send(actor, input, content, key);
  }

  private async send(
    actor: StaffActor,
    to: Recipient,
    content: ContentInput,
    clientMessageId: string | null,
  ): Promise<SentMessageDto> {
    return await this.work.run(actor, async () => {
      const integrationId = await this.numberOf(to);
      const sender = {
        identities: [{ scheme: 'whatsapp_phone' as const, value: digitsOf(to.to) }],
        newIdentities: [],
        name: null,
      };
      const [contactId] = await this.contacts.resolve([sender], await this.contacts.lookUp([sender]));
      const thread = { contactId: contactId!, channel: WHATSAPP, integrationId };
      return await this.sending.sendTo(actor, thread, content, { clientMessageId });
    });
  }

  private async numberOf({ integration_id: id, phone_number_id: phoneNumberId }: Recipient): Promise<number> {
    const numbers = await this.integrations.numbers();
    const wanted = numbers.filter(
      (number) =>
        (id ?? number.id) === number.id && (phoneNumberId ?? number.phoneNumberId) === number.phoneNumberId,
    );
    if (wanted.length === 1) return wanted[0]!.id;
    if (wanted.length === 0)
      throw new AppError('CHANNEL_NOT_CONNECTED', 'There is no such WhatsApp number in this workspace.');
    throw invalid('integration_id', 'There are several WhatsApp numbers: say which by integration_id.');
  }
}

function digitsOf(phone: string): string {
  const digits = phone.replace(/\D/g, '');
  // The longest number is E.164's; no country code begins with a zero.
  if (!/^[1-9]\d{6,14}$/.test(digits))
    throw invalid('to', 'to is a phone number with its country code, such as +5511999990000.');
  return digits;
}
