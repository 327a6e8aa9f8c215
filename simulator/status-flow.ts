import { contactOf, type BusinessNumber, type WebhookItem } from './envelope';
import { active, use, type FaultSwitches } from './faults';
import { statusError } from './graph-error';
import type { Customer } from './inbound-content';
import { compact, textAt, type JsonObject } from './json-values';
import type { Recipient } from './message-rules';
import type { WebhookResponse } from './webhook-sender';

/** Milliseconds from the acceptance to each status; -1 = never by itself. */
export interface StatusDelays {
  sent: number;
  delivered: number;
  read: number;
}

/** An accepted message as far as its statuses need it. */
export interface Outgoing {
  wamid: string;
  number: BusinessNumber;
  recipient: Recipient;
  customer: Customer;
  body: JsonObject;
  /** Milliseconds since 1970. */
  at: number;
}

interface FlowSettings {
  delays: StatusDelays;
  now: () => number;
  random: () => number;
  faults: () => FaultSwitches;
  deliver: (item: WebhookItem) => Promise<WebhookResponse>;
  onStatus: (wamid: string, status: string, error: JsonObject | undefined) => void;
}

interface Step {
  status: string;
  /** Milliseconds until it is told. */
  delay: number;
  /** When it happened, in milliseconds since 1970; a status told late still says so. */
  when: number;
  error?: JsonObject;
}

interface Course {
  outgoing: Outgoing;
  told: Set<string>;
  /** The first attempts of this message's statuses, one after the other. */
  tail: Promise<unknown>;
  /** Failed, or its statuses are dropped: nothing more comes by itself. */
  ended: boolean;
}

/** Tells the server what became of its messages: sent, delivered, read, failed. */
export class StatusFlow {
  private readonly courses = new Map<string, Course>();
  private readonly timers = new Map<NodeJS.Timeout, () => void>();

  constructor(private readonly settings: FlowSettings) {}

  /** Timers of statuses still to come. */
  get pending(): number {
    return this.timers.size;
  }

  /**
   * Plans the statuses of a message.
   *
   * @returns when the first attempt of all planned statuses was answered
   */
  start(outgoing: Outgoing): Promise<void> {
    const faults = this.settings.faults();
    const course: Course = { outgoing, told: new Set(), tail: Promise.resolve(), ended: false };
    this.courses.set(outgoing.wamid, course);
    let steps = this.plan(course);
    if (steps.length > 1 && use(faults, 'reorderStatuses')) steps = this.shuffled(steps);
    for (const step of steps) {
      const due = this.sleep(step.delay);
      // Chained, so that a message's statuses keep their order; those of different messages do not wait
      // for one another, as Meta's deliveries do not.
      course.tail = course.tail.then(() => due).then((on) => (on ? this.tell(course, step) : undefined));
    }
    return course.tail.then(() => undefined);
  }

  /** The customer sees a message: `read`, after its `delivered`, unless that was told before. */
  async read(wamid: string): Promise<void> {
    const course = this.courses.get(wamid);
    if (!course || course.ended || course.told.has('read')) return;
    if (textAt(course.outgoing.body, 'type') === 'reaction') return;
    course.told.add('read');
    course.tail = course.tail.then(() =>
      this.tell(course, { status: 'read', delay: 0, when: this.settings.now() }),
    );
    await course.tail;
  }

  /** Any status by hand; `extra` is laid over the status object. Works for messages unknown here too. */
  byHand(wamid: string, status: string, extra: JsonObject, number: BusinessNumber): Promise<WebhookResponse> {
    const course = this.courses.get(wamid);
    const outgoing: Outgoing = course?.outgoing ?? {
      wamid,
      number,
      recipient: { kind: 'group', input: '', id: '' },
      customer: {},
      body: {},
      at: this.settings.now(),
    };
    if (course) course.told.add(status);
    const item = this.item(outgoing, status, this.settings.now(), {});
    if (!course) delete item.item.recipient_id;
    item.item = { ...item.item, ...extra };
    const errors = item.item.errors;
    this.settings.onStatus(wamid, status, Array.isArray(errors) ? (errors[0] as JsonObject) : undefined);
    return this.settings.deliver(item);
  }

  /** Forgets all messages and cancels what was planned. */
  clear(): void {
    for (const [timer, cancel] of this.timers) {
      clearTimeout(timer);
      cancel();
    }
    this.timers.clear();
    this.courses.clear();
  }

  private plan(course: Course): Step[] {
    const { outgoing } = course;
    const faults = this.settings.faults();
    const { sent, delivered, read } = this.settings.delays;
    const step = (status: string, delay: number): Step => ({ status, delay, when: outgoing.at + delay });
    if (use(faults, 'dropStatuses')) {
      course.ended = true;
      return [];
    }
    const failure = active(faults, 'failDelivery');
    if (failure && (failure.to === undefined || sameId(failure.to, outgoing.recipient.id))) {
      use(faults, 'failDelivery');
      course.ended = true;
      const details = failure.details ?? 'A failure switched on in the simulator';
      const error = statusError(failure.code ?? 131026, details);
      return [{ ...step('failed', Math.max(delivered, sent, 0)), error }];
    }
    const steps = [step('sent', sent)];
    // A reaction never gets further than `sent`.
    if (outgoing.body.type !== 'reaction') steps.push(step('delivered', delivered), step('read', read));
    const planned = steps.filter((each) => each.delay >= 0);
    for (const each of planned) course.told.add(each.status);
    return planned;
  }

  private shuffled(steps: Step[]): Step[] {
    const delays = steps.map((step) => step.delay);
    const order = [...steps];
    for (let index = order.length - 1; index > 0; index -= 1) {
      const other = Math.floor(this.settings.random() * (index + 1));
      [order[index], order[other]] = [order[other] as Step, order[index] as Step];
    }
    if (order.every((step, index) => step === steps[index])) order.reverse();
    return order.map((step, index) => ({ ...step, delay: delays[index] ?? step.delay }));
  }

  /** False when it was cancelled. */
  private sleep(ms: number): Promise<boolean> {
    if (ms <= 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve(true);
      }, ms);
      this.timers.set(timer, () => resolve(false));
    });
  }

  private async tell(course: Course, step: Step): Promise<void> {
    const { outgoing } = course;
    if (this.courses.get(outgoing.wamid) !== course) return;
    this.settings.onStatus(outgoing.wamid, step.status, step.error);
    const extra = step.error ? { errors: [step.error] } : {};
    await this.settings.deliver(this.item(outgoing, step.status, step.when, extra));
  }

  private item(outgoing: Outgoing, status: string, when: number, extra: JsonObject): WebhookItem {
    const { recipient, customer, body } = outgoing;
    const failed = status === 'failed';
    const toPhone = recipient.kind === 'phone';
    const userId = recipient.kind === 'user' ? recipient.id : customer.userId;
    return {
      number: outgoing.number,
      kind: 'statuses',
      contacts: failed || recipient.kind === 'group' ? [] : [contactOf(customer, status !== 'sent')],
      item: compact({
        id: outgoing.wamid,
        status,
        timestamp: String(Math.floor(when / 1000)),
        recipient_id: recipient.kind === 'user' ? customer.phone : recipient.id,
        // Meta leaves the user id out of a failure when the message went to a telephone number.
        recipient_user_id: failed && toPhone ? undefined : userId,
        recipient_parent_user_id: failed && toPhone ? undefined : customer.parentUserId,
        recipient_type: recipient.kind === 'group' ? 'group' : undefined,
        biz_opaque_callback_data: textAt(body, 'biz_opaque_callback_data'),
        pricing: status === 'sent' || status === 'delivered' ? pricingOf(body) : undefined,
        ...extra,
      }),
    };
  }
}

function pricingOf(body: JsonObject): JsonObject {
  const category = body.type === 'template' ? 'utility' : 'service';
  return { billable: true, pricing_model: 'PMP', type: 'regular', category };
}

function sameId(given: string, id: string): boolean {
  return given === id || given.replace(/\D/g, '') === id;
}
