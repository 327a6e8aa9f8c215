import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service';
import type { StaffActor } from '../common/actor';
import { AppError, invalid, notFound } from '../common/app-error';
import { type Page, pageOf } from '../common/page';
import { ContactsService } from '../contacts/contacts.service';
import { ConversationsService } from '../conversations/conversations.service';
import { sqlState, UNIQUE_VIOLATION } from '../platform/database/database-errors';
import { UnitOfWork } from '../platform/database/unit-of-work';
import { WorkspacesService } from '../workspaces/workspaces.service';
import type {
  CannedResponseQuery,
  CreateCannedResponseDto,
  UpdateCannedResponseDto,
} from './canned-responses.dto';
import { type CannedFields, CannedResponsesRepository } from './canned-responses.repository';
import {
  type CannedResponse,
  type CannedResponseDto,
  type RenderedResponseDto,
  toCannedResponseDto,
} from './canned-responses.types';
import { filled, problemOf } from './canned-text';

/** Texts that staff have ready. Sending is another step: who renders one looks at it first. */
@Injectable()
export class CannedResponsesService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly responses: CannedResponsesRepository,
    private readonly conversations: ConversationsService,
    private readonly contacts: ContactsService,
    private readonly workspaces: WorkspacesService,
    private readonly audit: AuditService,
  ) {}

  async list(actor: StaffActor, query: CannedResponseQuery): Promise<Page<CannedResponseDto>> {
    return await this.work.read(actor, async () => {
      const rows = await this.responses.list(query, query);
      return pageOf(rows.map(toCannedResponseDto), await this.responses.count(query), query);
    });
  }

  async get(actor: StaffActor, id: number): Promise<CannedResponseDto> {
    return await this.work.read(actor, async () => toCannedResponseDto(found(await this.responses.find(id))));
  }

  async create(actor: StaffActor, input: CreateCannedResponseDto): Promise<CannedResponseDto> {
    const fields = { shortCode: input.short_code, title: input.title, body: input.body };
    requireKnownVariables(fields.body);
    return await this.naming(fields.shortCode, () =>
      this.work.run(actor, async () => {
        const made = await this.responses.insert(fields, actor.userId);
        this.record(actor, 'create', made.id, fields);
        return toCannedResponseDto(made);
      }),
    );
  }

  async update(actor: StaffActor, id: number, input: UpdateCannedResponseDto): Promise<CannedResponseDto> {
    if (input.body !== undefined) requireKnownVariables(input.body);
    return await this.naming(input.short_code, () =>
      this.work.run(actor, async () => {
        const before = found(await this.responses.lock(id));
        const changes = changesOf(before, input);
        if (Object.keys(changes).length === 0) return toCannedResponseDto(before);
        const after = await this.responses.save(id, { ...before, ...changes });
        this.record(actor, 'update', id, changes);
        return toCannedResponseDto(after);
      }),
    );
  }

  async delete(actor: StaffActor, id: number): Promise<void> {
    await this.work.run(actor, async () => {
      const { shortCode } = found(await this.responses.lock(id));
      await this.responses.delete(id);
      this.record(actor, 'delete', id, { shortCode });
    });
  }

  /** For a conversation that the actor may see, in the name of the actor. */
  async render(actor: StaffActor, id: number, conversationId: number): Promise<RenderedResponseDto> {
    const workspace = await this.workspaces.findById(actor.workspaceId);
    return await this.work.read(actor, async () => {
      const { body } = found(await this.responses.find(id));
      const { contactId } = await this.conversations.requireVisible(actor, conversationId);
      const contact = (await this.contacts.summaries([contactId])).get(contactId);
      return filled(body, {
        'contact.name': contact?.name ?? null,
        'contact.phone_number': contact?.phone_number ?? null,
        'agent.name': actor.name,
        'conversation.id': String(conversationId),
        'workspace.name': workspace?.name ?? null,
      });
    });
  }

  /** Two never have one short code, in whatever case, whoever comes at the same moment. */
  private async naming<T>(shortCode: string | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw new AppError('CONFLICT', `There is a canned response "${shortCode}" already.`);
    }
  }

  private record(
    actor: StaffActor,
    verb: string,
    id: number,
    { shortCode, title, body }: Partial<CannedFields>,
  ): void {
    this.audit.record({
      actor,
      action: `canned_response.${verb}`,
      subject: { type: 'canned_response', id },
      details: { short_code: shortCode, title, body },
    });
  }
}

function changesOf(before: CannedResponse, input: UpdateCannedResponseDto): Partial<CannedFields> {
  const { short_code: shortCode, title, body } = input;
  return {
    ...(shortCode === undefined || shortCode === before.shortCode ? {} : { shortCode }),
    ...(title === undefined || title === before.title ? {} : { title }),
    ...(body === undefined || body === before.body ? {} : { body }),
  };
}

function requireKnownVariables(body: string): void {
  const problem = problemOf(body);
  if (problem !== null) throw invalid('body', problem);
}

function found(response: CannedResponse | null): CannedResponse {
  if (response === null) throw notFound('canned response');
  return response;
}
