import { Injectable } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import type { MessageDto } from '../messages/messages.types';
import type { ChatOwner } from './chat-conversation.types';
import { UnitOfWork } from '../platform/database/unit-of-work';
import type { ChatActor } from './chat-actor';
import { type ChatMessageView, type ChatSpeaker, toChatMessageView } from './chat-message-view';
import { clientIdOf } from './chat-messages.service';
import { ChatPeopleRepository } from './chat-people.repository';

/** Whose conversation it is. */
type Owner = Pick<ChatOwner, 'userId' | 'uuid'>;

/** Messages as the live chat shows them. */
@Injectable()
export class ChatViewsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly people: ChatPeopleRepository,
  ) {}

  /** What a user said just now. */
  async ofOwn(actor: ChatActor, message: MessageDto): Promise<ChatMessageView> {
    return (await this.work.read(actor, () => this.ofMessages([message], actor)))[0]!;
  }

  /**
   * Within the open unit of work.
   *
   * @param user whose conversation it is
   * @param known a member of staff whose name need not be looked up
   */
  async ofMessages(
    messages: MessageDto[],
    user: Owner,
    known?: Pick<StaffActor, 'userId' | 'username'>,
  ): Promise<ChatMessageView[]> {
    return await this.ofEach(
      messages.map((message) => ({ message, user })),
      known,
    );
  }

  /** The same of messages to and from several users. In the same order. Where users wrote them all, no unit of work is needed. */
  async ofEach(
    all: { message: MessageDto; user: Owner }[],
    known?: Pick<StaffActor, 'userId' | 'username'>,
  ): Promise<ChatMessageView[]> {
    const messages = all.map(({ message }) => message);
    const staff = new Set(messages.flatMap((m) => m.sender_user ?? []));
    if (known !== undefined) staff.delete(known.userId);
    const [admins, bots] = await Promise.all([
      this.people.admins([...staff]),
      this.people.bots([...new Set(messages.flatMap((m) => m.sender_bot ?? []))]),
    ]);
    const speakerOf = (message: MessageDto, user: Owner): ChatSpeaker => {
      if (message.sender_type === 'contact') return { id: user.userId, identifier: user.uuid };
      const { sender_user: id, sender_bot: bot } = message;
      if (id !== null && id === known?.userId) return { id, identifier: known.username };
      if (id !== null) return { id, identifier: admins.get(id)?.username ?? `admin_${id}` };
      return { id: null, identifier: bot === null ? 'system' : (bots.get(bot) ?? 'bot') };
    };
    return all.map(({ message, user }) =>
      toChatMessageView(
        message,
        speakerOf(message, user),
        message.sender_type === 'contact' ? clientIdOf(message) : message.client_message_id,
      ),
    );
  }
}
