import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { StaffActor } from '../common/actor';
import { invalid } from '../common/app-error';
import { toAppError } from '../platform/http/to-app-error';
import { LOGGER } from '../platform/observability/observability.module';
import type { BulkAction, BulkActionDto } from './bulk-actions.dto';
import type { BulkAnswerDto, BulkFailed } from './bulk-actions.types';
import { refuseTwoHands } from './conversation-changes';
import { ConversationEditsService } from './conversation-edits.service';
import { ConversationTagsService } from './conversation-tags.service';
import { ConversationsService } from './conversations.service';

type Argument = 'assigned_user' | 'assigned_bot' | 'priority' | 'tags';
const ARGUMENTS: readonly Argument[] = ['assigned_user', 'assigned_bot', 'priority', 'tags'];

/** What an action may be told; what it must be told is looked for where it is used. */
const TAKES: Readonly<Partial<Record<BulkAction, readonly Argument[]>>> = {
  assign: ['assigned_user', 'assigned_bot'],
  priority: ['priority'],
  tag: ['tags'],
};

/**
 * One action for several conversations, one after the other: each is what the action alone would be, with its rules, its
 * events and its audit entries, in a transaction of its own. One that is refused does not stop the others.
 */
@Injectable()
export class BulkActionsService {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly conversations: ConversationsService,
    private readonly edits: ConversationEditsService,
    private readonly tags: ConversationTagsService,
  ) {}

  async run(actor: StaffActor, input: BulkActionDto): Promise<BulkAnswerDto> {
    const act = this.actionOf(actor, input);
    const data: BulkAnswerDto['data'] = [];
    let away = null as BulkFailed | null;
    for (const id of input.ids) {
      const failure: BulkFailed | null = away === null ? await this.failureOf(id, act) : { ...away, id };
      data.push(failure ?? { id, ok: true });
      // Each would wait for it in vain as long as this one has.
      if (failure?.code === 'DATABASE_UNAVAILABLE') away = failure;
    }
    return { data };
  }

  private async failureOf(id: number, act: (id: number) => Promise<unknown>): Promise<BulkFailed | null> {
    try {
      await act(id);
      return null;
    } catch (err) {
      const { code, message } = toAppError(err);
      if (code === 'INTERNAL')
        this.logger.error({ err, conversation: id }, 'one of several conversations failed');
      return { id, ok: false, code, message };
    }
  }

  /** Throws `VALIDATION_FAILED` for an action without what it needs, or with what means nothing to it. */
  private actionOf(actor: StaffActor, input: BulkActionDto): (id: number) => Promise<unknown> {
    const takes = TAKES[input.action] ?? [];
    for (const argument of ARGUMENTS)
      if (input[argument] !== undefined && !takes.includes(argument))
        throw invalid(argument, `${argument} means nothing to ${input.action}.`);
    const { assigned_user, assigned_bot, priority, tags } = input;
    switch (input.action) {
      case 'assign':
        refuseTwoHands(input);
        return (id) => this.conversations.assign(actor, id, { assigned_user, assigned_bot });
      case 'unassign':
        return (id) => this.conversations.unassign(actor, id);
      case 'close':
        return (id) => this.edits.update(actor, id, { status: 'closed' });
      case 'archive':
        return (id) => this.edits.update(actor, id, { status: 'archived' });
      case 'read':
        return (id) => this.conversations.setRead(actor, id, true);
      case 'unread':
        return (id) => this.conversations.setRead(actor, id, false);
      case 'priority':
        if (priority === undefined) throw invalid('priority', 'Name the priority.');
        return (id) => this.edits.update(actor, id, { priority });
      case 'tag':
        if (tags === undefined) throw invalid('tags', 'Name the tags.');
        return (id) => this.tags.add(actor, id, tags);
    }
  }
}
