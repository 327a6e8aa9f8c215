import type { Api } from './api';
import { Timeline } from './timeline';
import type { ConversationStatus, WireConversation, WireMessage } from './wire';

const PAGE = 50;

/** The conversation that is shown, and what was said in it. */
export class History {
  readonly timeline = new Timeline();
  conversation: WireConversation | null = null;
  hasEarlier = false;
  /** A new conversation is begun: the closed one is not chosen again. */
  private left: number | null = null;
  /** All messages up to this one are here. */
  private syncedTo = 0;

  constructor(private readonly api: Api) {}

  /** Asks for all that is new. Answers the messages that were not known; throws what {@link Api} throws. */
  async sync(token: string): Promise<WireMessage[]> {
    this.choose(await this.api.conversations(token));
    const { conversation } = this;
    if (conversation === null) return [];
    const newest = await this.api.messages(token, conversation.id, {}, PAGE);
    const isFirst = this.syncedTo === 0;
    const oldest = newest[0]?.id ?? 0;
    const between =
      isFirst || newest.length < PAGE || oldest <= this.syncedTo
        ? []
        : await this.upTo(token, conversation.id, oldest);
    if (this.conversation?.id !== conversation.id) return [];
    if (isFirst) this.hasEarlier = newest.length === PAGE;
    this.syncedTo = Math.max(this.syncedTo, newest.at(-1)?.id ?? 0);
    return this.timeline.put([...between, ...newest]);
  }

  async loadEarlier(token: string): Promise<void> {
    const { conversation } = this;
    const before = this.timeline.oldestId();
    if (conversation === null || before === null) return;
    const page = await this.api.messages(token, conversation.id, { before }, PAGE);
    if (this.conversation?.id !== conversation.id) return;
    this.hasEarlier = page.length === PAGE;
    this.timeline.put(page);
  }

  show(conversation: WireConversation | null): void {
    if (conversation?.id === this.conversation?.id) return;
    this.conversation = conversation;
    this.timeline.clear();
    this.hasEarlier = false;
    this.syncedTo = 0;
  }

  startAnew(): void {
    this.left = this.conversation?.id ?? null;
    this.show(null);
  }

  forget(): void {
    this.left = null;
    this.show(null);
  }

  setStatus(conversationId: number, status: ConversationStatus): void {
    if (this.conversation?.id === conversationId) this.conversation = { id: conversationId, status };
  }

  get isEmpty(): boolean {
    return this.timeline.newestId() === 0;
  }

  get isClosed(): boolean {
    return this.conversation !== null && this.conversation.status !== 'active';
  }

  /** The one that is shown stays while it is open, or is all there is. */
  private choose(all: WireConversation[]): void {
    const shown = all.find(({ id }) => id === this.conversation?.id);
    if (shown !== undefined) this.conversation = { id: shown.id, status: shown.status };
    if (shown?.status === 'active') return;
    const open = all.find(({ status }) => status === 'active');
    const last = all.find(({ id, status }) => status === 'closed' && id !== this.left);
    const chosen = open ?? (this.conversation === null && this.left === null ? last : undefined);
    if (chosen !== undefined) this.show({ id: chosen.id, status: chosen.status });
  }

  /** What lies between all that is here and a newer message. */
  private async upTo(token: string, conversationId: number, newerId: number): Promise<WireMessage[]> {
    const found: WireMessage[] = [];
    let after = this.syncedTo;
    while (after < newerId - 1) {
      const page = await this.api.messages(token, conversationId, { after }, PAGE);
      found.push(...page);
      if (page.length < PAGE) break;
      after = page.at(-1)!.id;
    }
    return found;
  }
}
