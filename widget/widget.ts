import { accentOf } from './accent';
import { Api } from './api';
import { Chat } from './chat';
import { button, el, icon } from './dom';
import { Panel } from './panel';
import { PageStore } from './page-store';
import { PHONE, styleSheet } from './style';
import { textsOf } from './texts';
import type { WireMessage } from './wire';

const TAG = 'apice-chat';
const MOST_SHOWN = 99;

export interface WidgetOptions {
  /** Address of the server, with a slash at the end. */
  base: string;
  appId: string | null;
  token: string | null;
  title: string | null;
  greeting: string | null;
  color: string | null;
  locale: string;
  side: 'left' | 'right';
}

export interface WidgetEvents {
  open: null;
  close: null;
  /** Somebody answered. */
  message: WireMessage;
  /** How many answers have not been read. */
  unread: number;
  /** The token is no good any more: give a new one with `setToken`. */
  'session-over': null;
}

type Listener<K extends keyof WidgetEvents> = (about: WidgetEvents[K]) => void;

/** The launcher and the window it opens, in a shadow root: styles of page and widget leave each other alone. */
export class Widget {
  private readonly host: HTMLElement;
  private readonly root: HTMLElement;
  private readonly chat: Chat;
  private readonly panel: Panel;
  private readonly launcher: HTMLButtonElement;
  private readonly badge = el('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
  private readonly phone = window.matchMedia(PHONE);
  private readonly listeners = new Map<string, Set<(about: never) => void>>();
  private readonly stopping = new AbortController();
  private readonly texts;
  private cameFrom: HTMLElement | null = null;
  private isRenderDue = false;
  private isGone = false;
  private unread = 0;
  private pageOverflow: string | null = null;

  constructor({ base, appId, token, title, greeting, color, locale, side }: WidgetOptions) {
    this.texts = textsOf(locale);
    this.chat = new Chat(
      new Api(base),
      new PageStore(),
      { appId, token },
      {
        onChange: () => this.changed(),
        onMessage: (message) => this.emit('message', message),
        onIdentified: () => this.panel.reset(),
        onSessionOver: () => this.emit('session-over', null),
      },
    );
    this.panel = new Panel(this.chat, this.texts, {
      title: title ?? this.texts.title,
      greeting: greeting ?? this.texts.greeting,
      locale,
      onClose: () => this.close(),
    });
    this.launcher = button(
      { class: 'launcher', 'aria-haspopup': 'dialog', 'aria-controls': 'panel' },
      () => (this.panel.isOpen ? this.close() : this.open()),
      icon('chat'),
    );
    this.launcher.append(this.badge);
    this.root = el('div', { class: `root ${side}`, lang: locale }, this.panel.element, this.launcher);
    const { accent, onAccent } = accentOf(color);
    this.root.style.setProperty('--accent', accent);
    this.root.style.setProperty('--on-accent', onAccent);
    this.host = document.createElement(TAG);
    const shadow = this.host.attachShadow({ mode: 'open' });
    shadow.adoptedStyleSheets = [styleSheet()];
    shadow.append(this.root);
    document.body.append(this.host);
    this.hear();
    this.render();
  }

  open(): void {
    if (this.panel.isOpen || this.isGone) return;
    this.cameFrom = focused();
    this.root.classList.add('open');
    this.panel.show(true);
    this.fitPhone();
    this.panel.focus();
    this.watch();
    this.render();
    this.emit('open', null);
  }

  close(): void {
    if (!this.panel.isOpen) return;
    const hadFocus = focused() === this.host;
    this.panel.show(false);
    this.root.classList.remove('open');
    this.fitPhone();
    this.watch();
    this.render();
    if (hadFocus) this.restoreFocus();
    this.emit('close', null);
  }

  /** Null signs out: the chat is a visitor's from then on. */
  setToken(token: string | null): void {
    this.chat.setToken(token);
    this.panel.reset();
  }

  /** Answers how to stop hearing it. */
  on<K extends keyof WidgetEvents>(event: K, listener: Listener<K>): () => void {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
    return () => void all.delete(listener);
  }

  destroy(): void {
    if (this.isGone) return;
    this.close();
    this.isGone = true;
    this.stopping.abort();
    this.chat.destroy();
    this.host.remove();
    this.listeners.clear();
  }

  /** A mistake in one of the page's listeners is the page's, and stops nothing here. */
  private emit<K extends keyof WidgetEvents>(event: K, about: WidgetEvents[K]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      queueMicrotask(() => (listener as Listener<K>)(about));
    }
  }

  /** Once for all that changes at a time. */
  private changed(): void {
    if (this.isRenderDue) return;
    this.isRenderDue = true;
    queueMicrotask(() => {
      this.isRenderDue = false;
      if (!this.isGone) this.render();
    });
  }

  private render(): void {
    const { unread } = this.chat;
    const { isOpen } = this.panel;
    if (isOpen) this.panel.render();
    this.launcher.setAttribute('aria-expanded', String(isOpen));
    this.launcher.setAttribute('aria-label', this.launcherLabel(isOpen, unread));
    const sign = isOpen ? 'down' : 'chat';
    if (!this.launcher.firstElementChild!.classList.contains(`i-${sign}`))
      this.launcher.firstElementChild!.replaceWith(icon(sign));
    this.badge.hidden = unread === 0 || isOpen;
    this.badge.textContent = unread > MOST_SHOWN ? `${MOST_SHOWN}+` : String(unread);
    if (unread === this.unread) return;
    this.unread = unread;
    this.emit('unread', unread);
  }

  private launcherLabel(isOpen: boolean, unread: number): string {
    if (isOpen) return this.texts.close;
    return unread === 0 ? this.texts.open : this.texts.openUnread(unread);
  }

  private hear(): void {
    const { signal } = this.stopping;
    this.root.addEventListener('keydown', (event) => this.pressed(event));
    document.addEventListener('visibilitychange', () => this.watch(), { signal });
    this.phone.addEventListener('change', () => this.fitPhone(), { signal });
    window.visualViewport?.addEventListener('resize', () => this.fitPhone(), { signal });
    window.visualViewport?.addEventListener('scroll', () => this.fitPhone(), { signal });
  }

  private pressed(event: KeyboardEvent): void {
    // The page's shortcuts are not meant while somebody writes here.
    event.stopPropagation();
    if (!this.panel.isOpen || event.isComposing) return;
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Tab' && this.phone.matches) this.keepFocus(event);
  }

  /** On phones the window covers the page, so the focus goes round within it. */
  private keepFocus(event: KeyboardEvent): void {
    const all = [
      ...this.panel.element.querySelectorAll<HTMLElement>('button, a, textarea, input, [tabindex="0"]'),
    ].filter((each) => !each.matches(':disabled') && each.offsetParent !== null);
    const { activeElement } = this.host.shadowRoot!;
    const [first, last] = [all[0], all.at(-1)];
    const edge = event.shiftKey ? first : last;
    if (activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }

  private watch(): void {
    this.chat.watch(this.panel.isOpen && document.visibilityState === 'visible');
  }

  /** The part of the screen that the keyboard leaves; and the page behind stays where it is. */
  private fitPhone(): void {
    const isFull = this.panel.isOpen && this.phone.matches;
    const { style } = this.root;
    const view = window.visualViewport;
    style.setProperty('--view-height', view === null ? '100dvh' : `${view.height}px`);
    style.setProperty('--view-top', view === null ? '0px' : `${view.offsetTop}px`);
    if (isFull) this.panel.element.setAttribute('aria-modal', 'true');
    else this.panel.element.removeAttribute('aria-modal');
    const page = document.documentElement.style;
    if (isFull && this.pageOverflow === null) {
      this.pageOverflow = page.overflow;
      page.overflow = 'hidden';
    } else if (!isFull && this.pageOverflow !== null) {
      page.overflow = this.pageOverflow;
      this.pageOverflow = null;
    }
  }

  private restoreFocus(): void {
    const before = this.cameFrom;
    if (before !== null && before !== this.host && before.isConnected) before.focus();
    // It may be gone, hidden or disabled by now.
    if (before === this.host || focused() !== before || before === null) this.launcher.focus();
  }
}

/** Null where nothing has the focus. */
function focused(): HTMLElement | null {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement && activeElement !== document.body ? activeElement : null;
}
