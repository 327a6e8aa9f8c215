import type { Chat } from './chat';
import { Composer } from './composer';
import { button, el, icon } from './dom';
import { EndedView } from './ended-view';
import { LogView } from './log-view';
import type { Texts } from './texts';

/** A break shorter than this is nobody's concern, in ms. */
const BANNER_DELAY_MS = 2_000;

export interface PanelOptions {
  title: string;
  greeting: string;
  locale: string;
  onClose: () => void;
}

/** The window of the chat. */
export class Panel {
  readonly element: HTMLElement;
  private readonly log: LogView;
  private readonly composer: Composer;
  private readonly ended: EndedView;
  private readonly banner = el('div', { class: 'banner', role: 'status', hidden: true });
  private readonly typing = el('div', { class: 'typing', role: 'status' });
  private readonly elsewhere: HTMLButtonElement;
  private readonly drop: HTMLElement;
  private bannerTimer = 0;
  private isLate = false;

  constructor(
    private readonly chat: Chat,
    private readonly texts: Texts,
    { title, greeting, locale, onClose }: PanelOptions,
  ) {
    this.log = new LogView(chat, texts, greeting, locale);
    this.composer = new Composer(chat, texts);
    this.ended = new EndedView(chat, texts, () => {
      chat.startAnew();
      this.composer.focus();
    });
    this.elsewhere = button({ class: 'bar' }, () => chat.showElsewhere(), texts.elsewhere);
    this.drop = el('div', { class: 'drop', hidden: true, 'aria-hidden': 'true' }, texts.dropHere);
    const header = el(
      'header',
      {},
      el('h2', { id: 'title' }, title),
      button({ 'aria-label': texts.close, title: texts.close }, onClose, icon('close')),
    );
    this.element = el(
      'div',
      { class: 'panel', id: 'panel', role: 'dialog', 'aria-labelledby': 'title', hidden: true },
      header,
      this.banner,
      this.elsewhere,
      this.log.element,
      this.typing,
      this.ended.element,
      this.composer.element,
      this.drop,
    );
    this.takeDroppedFiles();
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  show(isOpen: boolean): void {
    // Filled before it is shown: screen readers are to read what comes, not all that was.
    if (isOpen) this.render();
    this.element.hidden = !isOpen;
    if (!isOpen) return;
    this.composer.adjust();
    this.log.toEnd();
  }

  focus(): void {
    if (this.chat.isClosed) this.ended.focus();
    else this.composer.focus();
  }

  /** Somebody else is signed in. */
  reset(): void {
    this.composer.reset();
  }

  render(): void {
    const { chat } = this;
    const hadFocus = this.ended.element.hidden === chat.isClosed && this.hasFocusBelow();
    this.ended.element.hidden = !chat.isClosed;
    this.composer.element.hidden = chat.isClosed;
    this.elsewhere.hidden = chat.elsewhere === null;
    this.ended.render();
    this.log.render();
    this.renderTyping();
    this.renderBanner();
    if (hadFocus) this.focus();
  }

  /** Whether the focus is in what is about to be hidden. */
  private hasFocusBelow(): boolean {
    const { activeElement } = this.element.getRootNode() as ShadowRoot;
    return this.composer.element.contains(activeElement) || this.ended.element.contains(activeElement);
  }

  private renderTyping(): void {
    if (this.chat.isAnsweredTo === this.typing.hasChildNodes()) return;
    const dots = el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i'));
    this.typing.replaceChildren(...(this.chat.isAnsweredTo ? [dots, this.texts.typing] : []));
  }

  private renderBanner(): void {
    const { chat, texts } = this;
    const isAway = chat.isExpectedOnline && !chat.isConnected;
    if (!isAway) {
      window.clearTimeout(this.bannerTimer);
      this.bannerTimer = 0;
      this.isLate = false;
    } else if (this.bannerTimer === 0) {
      this.bannerTimer = window.setTimeout(() => {
        this.isLate = true;
        this.renderBanner();
      }, BANNER_DELAY_MS);
    }
    const away = navigator.onLine ? texts.reconnecting : texts.offline;
    const text = chat.isSignedOut ? texts.signedOut : isAway && this.isLate ? away : '';
    if (this.banner.textContent !== text) this.banner.textContent = text;
    this.banner.hidden = text === '';
  }

  private takeDroppedFiles(): void {
    const carries = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;
    const { element, drop } = this;
    element.addEventListener('dragover', (event) => {
      if (!carries(event) || this.chat.isClosed) return;
      event.preventDefault();
      drop.hidden = false;
    });
    drop.addEventListener('dragleave', () => (drop.hidden = true));
    element.addEventListener('drop', (event) => {
      drop.hidden = true;
      if (!carries(event) || this.chat.isClosed) return;
      event.preventDefault();
      this.chat.attach(event.dataTransfer?.files ?? []);
    });
  }
}
