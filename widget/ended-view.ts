import type { Chat } from './chat';
import { button, el, icon, spoken } from './dom';
import type { Texts } from './texts';

const STARS = [1, 2, 3, 4, 5] as const;

/** What stands in place of the composer once a conversation is closed: how it was, and a new one. */
export class EndedView {
  readonly element: HTMLElement;
  private readonly form: HTMLFormElement;
  private readonly thanks: HTMLElement;
  private readonly comment: HTMLTextAreaElement;
  private readonly submit: HTMLButtonElement;
  private readonly heading: HTMLHeadingElement;
  private stars: HTMLInputElement[] = [];

  constructor(
    private readonly chat: Chat,
    private readonly texts: Texts,
    onStartAnew: () => void,
  ) {
    this.heading = el('h3', { tabindex: '-1' }, texts.closed);
    this.thanks = el('p', { role: 'status' });
    this.comment = el('textarea', {
      rows: '2',
      maxlength: '1000',
      'aria-label': texts.comment,
      placeholder: texts.comment,
    });
    this.submit = el('button', { type: 'submit', class: 'plain', disabled: true }, texts.submit);
    this.form = el('form', {}, this.starField(), this.comment, this.submit);
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.rate();
    });
    const anew = button({ class: 'main' }, onStartAnew, texts.startAnew);
    this.element = el('div', { class: 'ended' }, this.heading, this.form, this.thanks, anew);
  }

  render(): void {
    const { isRated } = this.chat;
    this.form.hidden = isRated;
    if (isRated !== (this.thanks.textContent === this.texts.thanks))
      this.thanks.textContent = isRated ? this.texts.thanks : '';
    this.paint();
  }

  focus(): void {
    this.heading.focus();
  }

  private starField(): HTMLFieldSetElement {
    const labels = STARS.map((value) => {
      const input = el('input', { type: 'radio', name: 'rating', value: String(value) });
      input.addEventListener('change', () => this.paint());
      this.stars.push(input);
      return el('label', {}, input, icon('star'), spoken(this.texts.stars(value)));
    });
    return el('fieldset', {}, el('legend', {}, this.texts.rate), el('div', { class: 'stars' }, ...labels));
  }

  private get rating(): number {
    return Number(this.stars.find(({ checked }) => checked)?.value ?? 0);
  }

  private paint(): void {
    const { rating } = this;
    for (const star of this.stars) star.parentElement!.classList.toggle('on', Number(star.value) <= rating);
    this.submit.disabled = rating === 0;
  }

  private async rate(): Promise<void> {
    this.submit.disabled = true;
    try {
      await this.chat.rate(this.rating, this.comment.value.trim());
      this.form.reset();
      this.focus();
    } catch {
      this.thanks.textContent = this.texts.refused;
    }
    this.paint();
  }
}
