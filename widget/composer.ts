import type { Chat } from './chat';
import { button, el, icon } from './dom';
import type { Texts } from './texts';

/** Grows up to this height, in pixels. */
const TALLEST = 132;
/** What the server takes at most by default; longer texts are refused with the reason. */
const LONGEST = 5_000;

/** Where one writes: Enter sends, Shift+Enter begins a new line. */
export class Composer {
  readonly element: HTMLFormElement;
  private readonly field: HTMLTextAreaElement;
  private readonly send: HTMLButtonElement;

  constructor(
    private readonly chat: Chat,
    texts: Texts,
  ) {
    this.field = el('textarea', {
      rows: '1',
      'aria-label': texts.write,
      placeholder: texts.write,
      maxlength: String(LONGEST),
      enterkeyhint: 'send',
    });
    this.send = el(
      'button',
      { type: 'submit', class: 'send', 'aria-label': texts.send, title: texts.send },
      icon('send'),
    );
    const files = el('input', { type: 'file', multiple: true, hidden: true });
    files.addEventListener('change', () => {
      this.chat.attach(files.files ?? []);
      files.value = '';
      this.focus();
    });
    const attach = button(
      { 'aria-label': texts.attach, title: texts.attach },
      () => files.click(),
      icon('clip'),
    );
    this.element = el('form', { class: 'composer' }, attach, files, this.field, this.send);
    this.hear();
    this.field.value = chat.draft;
    this.adjust();
  }

  focus(): void {
    this.field.focus();
  }

  /** It had no size while it was hidden. */
  adjust(): void {
    this.field.style.height = 'auto';
    const border = this.field.offsetHeight - this.field.clientHeight;
    this.field.style.height = `${Math.min(TALLEST, this.field.scrollHeight + border)}px`;
    this.send.disabled = this.field.value.trim() === '';
  }

  /** The draft is another one: somebody else signed in. */
  reset(): void {
    if (this.field.value !== this.chat.draft) this.field.value = this.chat.draft;
    this.adjust();
  }

  private hear(): void {
    const { field } = this;
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    field.addEventListener('keydown', (event) => {
      // An input method that is composing a word needs its Enter.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    });
    field.addEventListener('input', () => {
      this.chat.setDraft(field.value);
      this.adjust();
    });
    field.addEventListener('paste', (event) => {
      const files = event.clipboardData?.files ?? null;
      if (files === null || files.length === 0) return;
      event.preventDefault();
      this.chat.attach(files);
    });
  }

  private submit(): void {
    const text = this.field.value.trim();
    if (text === '') return;
    this.field.value = '';
    this.chat.say(text);
    this.chat.setDraft('');
    this.adjust();
    this.focus();
  }
}
