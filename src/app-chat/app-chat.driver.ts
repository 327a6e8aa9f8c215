import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { invalid } from '../common/app-error';
import { lengthOf } from '../common/text-rules';
import { CONFIG, type Config } from '../config/config';
import type { ChannelDriver, Tell, TheirMessage } from '../messages/channel-driver.port';
import type { OutgoingContent, StoredContent } from '../messages/outgoing.types';
import { Outbox } from '../messages/outbox.service';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { APP_CHAT } from './chat-conversation.types';
import { ChatPeopleRepository } from './chat-people.repository';
import { ChatTypingService } from './chat-typing.service';

/** What makes sense nowhere but at its own provider. */
const FOREIGN: ReadonlySet<string> = new Set(['template', 'reaction']);

/** The live chat as a channel: its users fetch what is said to them from here, so there is nothing to send. */
@Injectable()
export class AppChatDriver implements ChannelDriver, OnModuleInit {
  readonly channel = APP_CHAT;
  readonly traits = { window: false, buttons: false, integrations: false };

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly outbox: Outbox,
    private readonly work: UnitOfWork,
    private readonly people: ChatPeopleRepository,
    private readonly typists: ChatTypingService,
  ) {}

  onModuleInit(): void {
    this.outbox.registerDriver(this);
  }

  accept(content: OutgoingContent): Promise<StoredContent | null> {
    if (FOREIGN.has(content.type))
      throw invalid('type', `The live chat has no messages of type ${content.type}.`);
    const most = this.config.chat.messageMaxLength;
    if (lengthOf(content.text ?? '') > most)
      throw invalid('body', `The text may have at most ${most} characters.`);
    return Promise.resolve(null);
  }

  async typing({ conversationId }: TheirMessage, by: number): Promise<Tell | null> {
    const { workspaceId } = this.work.current;
    const admin = (await this.people.admins([by])).get(by);
    if (admin === undefined) return null;
    return () => {
      const teller = { kind: 'staff', workspaceId, userId: by, username: admin.username } as const;
      this.typists.tell(teller, conversationId, true);
      return Promise.resolve('told');
    };
  }

  typingNow(by: StaffActor, conversationId: number, typing: boolean): void {
    this.typists.tell(by, conversationId, typing);
  }
}
