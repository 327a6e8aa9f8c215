import { bubbleContent, type BubbleContent } from './bubbles';
import { phoneDigits } from './identifiers';
import type { Customer, InboundContent } from './inbound-content';
import { textAt, type JsonObject } from './json-values';
import type { Recipient } from './message-rules';

/** A customer as the phone page lists them. */
export interface PhoneCustomer extends Customer {
  key: string;
  /** Writes with the user id only, as people who adopted a user name do. */
  hidesPhone: boolean;
}

/**
 * `sending`: the webhook is under way. `sent`: it was not answered with 200 (yet). `delivered`: the server has
 * it, or the customer has it. The business's own messages go accepted, sent, delivered, read or failed.
 */
export type BubbleState = 'sending' | 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

export interface Bubble extends BubbleContent {
  id: string;
  customer: string;
  side: 'customer' | 'business';
  /** Milliseconds since 1970. */
  at: number;
  state: BubbleState;
  error?: string;
  reactions: { customer?: string; business?: string };
}

export interface LogEntry {
  at: number;
  kind: 'webhook' | 'graph';
  what: string;
  status: number;
  ok: boolean;
  note?: string;
}

export type PhoneEvent =
  | { type: 'customer'; customer: PhoneCustomer }
  | { type: 'bubble'; bubble: Bubble }
  | { type: 'log'; entry: LogEntry }
  | { type: 'typing'; customer: string; on: boolean }
  | { type: 'faults' }
  | { type: 'reset' };

const BUBBLES_KEPT = 1000;
const LOG_KEPT = 100;
const RANK: Record<BubbleState, number> = {
  sending: 0,
  accepted: 0,
  sent: 1,
  delivered: 2,
  read: 3,
  failed: 4,
};

/** Customers, bubbles and the log behind the phone page. Listeners hear every change. */
export class PhoneState {
  readonly customers = new Map<string, PhoneCustomer>();
  readonly log: LogEntry[] = [];
  /** The newest last; the oldest go when there are too many. */
  readonly bubbles = new Map<string, Bubble>();
  private readonly byUserId = new Map<string, PhoneCustomer>();
  private readonly listeners = new Set<(event: PhoneEvent) => void>();

  subscribe(listener: (event: PhoneEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: PhoneEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** The known customer with either of these identities; what is new is remembered. */
  meet(customer: Customer, hidesPhone?: boolean): PhoneCustomer {
    const phone = customer.phone === undefined ? undefined : phoneDigits(customer.phone);
    const known =
      (customer.userId === undefined ? undefined : this.byUserId.get(customer.userId)) ??
      (phone === undefined ? undefined : this.customers.get(phone));
    const key = known?.key ?? phone ?? customer.userId ?? 'someone';
    const met: PhoneCustomer = { ...known, key, hidesPhone: hidesPhone ?? known?.hidesPhone ?? false };
    if (phone !== undefined) met.phone = phone;
    if (customer.userId !== undefined) met.userId = customer.userId;
    if (customer.parentUserId !== undefined) met.parentUserId = customer.parentUserId;
    if (customer.name !== undefined) met.name = customer.name;
    if (customer.username !== undefined) met.username = customer.username;
    if (JSON.stringify(known) === JSON.stringify(met)) return met;
    this.customers.set(key, met);
    if (met.userId !== undefined) this.byUserId.set(met.userId, met);
    this.emit({ type: 'customer', customer: met });
    return met;
  }

  recipient({ kind, id }: Recipient): PhoneCustomer {
    return this.meet(kind === 'phone' ? { phone: id } : { userId: id }, kind === 'phone' ? undefined : true);
  }

  customerSaid(customer: PhoneCustomer, id: string, content: InboundContent, at: number): void {
    if (content.type === 'reaction') {
      return this.react(textAt(content, 'reaction', 'message_id'), 'customer', content);
    }
    const target = textAt(content, 'edit', 'original_message_id');
    if (content.type === 'edit' && target !== undefined && this.bubbles.has(target)) {
      const message = content.edit as { message: JsonObject };
      return this.change(target, { text: `${bubbleContent(message.message).text} (edited)` });
    }
    const gone = textAt(content, 'revoke', 'original_message_id');
    if (content.type === 'revoke' && gone !== undefined && this.bubbles.has(gone)) {
      return this.change(gone, { kind: 'revoked', text: 'Deleted by the customer' });
    }
    this.add({
      ...bubbleContent(content),
      id,
      customer: customer.key,
      side: 'customer',
      at,
      state: 'sending',
      reactions: {},
    });
  }

  businessSaid(customer: PhoneCustomer, id: string, body: JsonObject, at: number): void {
    this.emit({ type: 'typing', customer: customer.key, on: false });
    if (body.type === 'reaction') return this.react(textAt(body, 'reaction', 'message_id'), 'business', body);
    this.add({
      ...bubbleContent(body),
      id,
      customer: customer.key,
      side: 'business',
      at,
      state: 'accepted',
      reactions: {},
    });
  }

  /** Moves a bubble's state forward, never back. */
  progress(id: string, state: BubbleState, error?: string): void {
    const bubble = this.bubbles.get(id);
    if (!bubble || RANK[state] < RANK[bubble.state] || bubble.state === state) return;
    this.change(id, error === undefined ? { state } : { state, error });
  }

  /** The business read a message, and with it all earlier ones of that customer. */
  businessRead(id: string, typing: boolean): void {
    const target = this.bubbles.get(id);
    if (!target) return;
    for (const bubble of this.bubbles.values()) {
      if (bubble.customer === target.customer && bubble.side === 'customer' && bubble.at <= target.at) {
        this.progress(bubble.id, 'read');
      }
    }
    if (typing) this.emit({ type: 'typing', customer: target.customer, on: true });
  }

  /** The business's messages that a customer has not read, oldest first. */
  unread(key: string): Bubble[] {
    return [...this.bubbles.values()].filter(
      (bubble) => bubble.customer === key && bubble.side === 'business' && RANK[bubble.state] < RANK.read,
    );
  }

  addLog(entry: LogEntry): void {
    this.log.push(entry);
    if (this.log.length > LOG_KEPT) this.log.shift();
    this.emit({ type: 'log', entry });
  }

  clear(): void {
    this.customers.clear();
    this.byUserId.clear();
    this.bubbles.clear();
    this.log.length = 0;
    this.emit({ type: 'reset' });
  }

  private add(bubble: Bubble): void {
    this.bubbles.set(bubble.id, bubble);
    if (this.bubbles.size > BUBBLES_KEPT) {
      const [oldest] = this.bubbles.keys();
      if (oldest !== undefined) this.bubbles.delete(oldest);
    }
    this.emit({ type: 'bubble', bubble });
  }

  private change(id: string, change: Partial<Bubble>): void {
    const bubble = this.bubbles.get(id);
    if (!bubble) return;
    const changed = { ...bubble, ...change };
    this.bubbles.set(id, changed);
    this.emit({ type: 'bubble', bubble: changed });
  }

  private react(target: string | undefined, side: 'customer' | 'business', body: JsonObject): void {
    const bubble = target === undefined ? undefined : this.bubbles.get(target);
    if (!bubble) return;
    const reactions = { ...bubble.reactions };
    const emoji = textAt(body, 'reaction', 'emoji');
    if (emoji) reactions[side] = emoji;
    else delete reactions[side];
    this.change(bubble.id, { reactions });
  }
}
