import type { Chat } from './chat';
import { button, el, icon, spoken } from './dom';
import type { Entry } from './entries';
import { link, richText } from './rich-text';
import type { Texts } from './texts';

/** Messages of one side within this time stand together, in ms. */
const TOGETHER_MS = 5 * 60_000;
/** How near the end one must be to be taken along, in pixels. */
const NEAR = 80;

interface Shown {
  version: string;
  node: HTMLElement;
}

/** The messages. What has not changed keeps its element, so that focus, selection and screen readers stay where they are. */
export class LogView {
  readonly element: HTMLElement;
  private readonly list = el('ol');
  private readonly earlier: HTMLButtonElement;
  private readonly newest: HTMLButtonElement;
  private readonly shown = new Map<string, Shown>();
  private readonly time: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private lastKey = '';
  /** Whether the end stays in sight, whatever comes or changes its height. */
  private follows = true;
  private top = 0;

  constructor(
    private readonly chat: Chat,
    private readonly texts: Texts,
    private readonly greeting: string,
    locale: string,
  ) {
    this.time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
    this.day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
    this.earlier = button({ class: 'link earlier' }, () => void this.showEarlier(), texts.earlier);
    this.newest = button(
      { class: 'newest', 'aria-label': texts.toNewest, hidden: true },
      () => this.toEnd(),
      icon('down'),
    );
    this.element = el(
      'div',
      { class: 'log', role: 'log', 'aria-label': texts.conversation, tabindex: '0' },
      this.earlier,
      this.list,
      this.newest,
    );
    this.element.addEventListener('scroll', () => this.scrolled(), { passive: true });
    const sizes = new ResizeObserver(() => {
      if (this.follows) this.toEnd();
    });
    sizes.observe(this.element);
    sizes.observe(this.list);
  }

  render(): void {
    const entries = this.chat.entries();
    const lastKey = entries.at(-1)?.key ?? '';
    const isOwn = lastKey !== this.lastKey && entries.at(-1)?.kind === 'mine';
    this.follows ||= isOwn;
    this.lastKey = lastKey;
    this.earlier.hidden = !this.chat.hasEarlier;
    this.place(this.nodesOf(entries));
    if (this.follows) this.toEnd();
  }

  toEnd(): void {
    this.follows = true;
    this.newest.hidden = true;
    this.element.scrollTop = this.element.scrollHeight;
  }

  private scrolled(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    // What grows below moves the end away as well: only who scrolls up leaves it.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.follows = true;
    else if (scrollTop < this.top) this.follows = false;
    this.top = scrollTop;
    this.newest.hidden = this.follows;
  }

  private async showEarlier(): Promise<void> {
    this.follows = false;
    const below = this.element.scrollHeight - this.element.scrollTop;
    await this.chat.loadEarlier();
    this.render();
    this.element.scrollTop = this.element.scrollHeight - below;
    if (this.earlier.hidden) this.element.focus();
  }

  private nodesOf(entries: Entry[]): HTMLElement[] {
    const nodes = [this.kept('greeting', this.greeting, () => this.greetingRow())];
    const lastOwn = entries.filter(({ kind }) => kind === 'mine').at(-1)?.key;
    entries.forEach((entry, i) => {
      const before = entries[i - 1];
      const day = this.dayOf(entry.at);
      if (before === undefined || this.dayOf(before.at) !== day)
        nodes.push(this.kept(`day ${entry.at.toDateString()}`, day, () => el('li', { class: 'day' }, day)));
      const isFirst =
        before?.kind !== entry.kind ||
        before.author !== entry.author ||
        entry.at.getTime() - before.at.getTime() > TOGETHER_MS;
      const isLastOwn = entry.key === lastOwn;
      const version = JSON.stringify([entry, isFirst, isLastOwn], (name, value: unknown) =>
        name === 'progress' && value !== null ? 0 : value,
      );
      const row = this.kept(entry.key, version, () => this.rowOf(entry, isFirst, isLastOwn));
      const progress = row.querySelector('progress');
      if (progress !== null && entry.progress !== null) progress.value = entry.progress;
      nodes.push(row);
    });
    return nodes;
  }

  /** The element of before, unless what it shows has changed. */
  private kept(key: string, version: string, make: () => HTMLElement): HTMLElement {
    const before = this.shown.get(key);
    if (before?.version === version) return before.node;
    const node = make();
    this.shown.set(key, { version, node });
    return node;
  }

  /** Touches only what is new, moved or gone. */
  private place(nodes: HTMLElement[]): void {
    const wanted = new Set(nodes);
    for (const child of [...this.list.children]) {
      if (!wanted.has(child as HTMLElement)) child.remove();
    }
    nodes.forEach((node, i) => {
      if (this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i] ?? null);
    });
    for (const [key, { node }] of this.shown) {
      if (!wanted.has(node)) this.shown.delete(key);
    }
  }

  private greetingRow(): HTMLElement {
    return el('li', { class: 'row greeting' }, el('div', { class: 'bubble' }, this.greeting));
  }

  private rowOf(entry: Entry, isFirst: boolean, isLastOwn: boolean): HTMLElement {
    if (entry.kind === 'notice') return el('li', { class: 'notice' }, entry.text);
    const isMine = entry.kind === 'mine';
    return el(
      'li',
      { class: `row ${entry.kind}${isFirst ? ' first' : ''}` },
      isFirst && !isMine ? el('div', { class: 'author' }, entry.author) : null,
      isMine ? spoken(`${this.texts.you}: `) : null,
      this.bubbleOf(entry),
      this.metaOf(entry, isMine, isLastOwn),
      entry.state === 'failed' ? this.problemOf(entry) : null,
      entry.progress !== null && entry.progress < 1
        ? button({ class: 'link' }, () => this.chat.discard(entry.key), this.texts.cancel)
        : null,
    );
  }

  private bubbleOf(entry: Entry): HTMLElement {
    if (entry.isDeleted) return el('div', { class: 'bubble void' }, this.texts.deleted);
    return el(
      'div',
      { class: 'bubble' },
      ...this.fileOf(entry),
      ...(entry.text === '' ? [] : richText(entry.text, this.texts.newTab)),
    );
  }

  private fileOf({ file, progress }: Entry): HTMLElement[] {
    if (file === null) return [];
    const bar = progress === null ? [] : [el('progress', { max: '1', 'aria-label': file.name })];
    if (file.picture !== null) {
      const picture = el('img', { src: file.picture, alt: file.name, referrerpolicy: 'no-referrer' });
      return [file.url === null ? picture : link(file.url, this.texts.newTab, picture), ...bar];
    }
    const name = el('span', {}, file.name, el('small', {}, file.size === null ? '' : sizeOf(file.size)));
    const line = el('div', { class: 'file' }, icon('file'), name);
    return [file.url === null ? line : link(file.url, this.texts.newTab, line), ...bar];
  }

  private metaOf(entry: Entry, isMine: boolean, isLastOwn: boolean): HTMLElement {
    const state = this.texts[entry.state];
    const time = el('time', { datetime: entry.at.toISOString() }, this.time.format(entry.at));
    return el(
      'div',
      { class: 'meta' },
      time,
      entry.isEdited && !entry.isDeleted ? ` · ${this.texts.edited}` : null,
      isMine ? icon(entry.state) : null,
      isMine ? (isLastOwn ? el('span', {}, state) : spoken(state)) : null,
    );
  }

  private problemOf({ key, problem }: Entry): HTMLElement {
    const { texts, chat } = this;
    return el(
      'div',
      { class: 'problem' },
      el('span', { role: 'alert' }, explain(problem ?? '', texts)),
      button({ class: 'link' }, () => chat.retry(key), texts.retry),
      button({ class: 'link' }, () => chat.discard(key), texts.discard),
    );
  }

  private dayOf(at: Date): string {
    const today = new Date();
    const yesterday = new Date(today);
    yesterday.setDate(today.getDate() - 1);
    if (at.toDateString() === today.toDateString()) return this.texts.today;
    return at.toDateString() === yesterday.toDateString() ? this.texts.yesterday : this.day.format(at);
  }
}

function explain(problem: string, texts: Texts): string {
  if (problem.startsWith('PAYLOAD_TOO_LARGE')) return texts.tooLarge;
  if (problem.startsWith('UNSUPPORTED')) return texts.unsupported;
  return `${texts.refused} (${problem.replace(/^[A-Z_]+: /, '')})`;
}

function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
