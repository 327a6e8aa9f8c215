type Attributes = Readonly<Record<string, string | boolean | null>>;

/** Texts become text nodes: nothing that anybody wrote is ever read as markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string') element.setAttribute(name, value);
    else if (value === true) element.setAttribute(name, '');
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function button(
  attributes: Attributes,
  onPress: () => void,
  ...children: (Node | string)[]
): HTMLButtonElement {
  const element = el('button', { type: 'button', ...attributes }, ...children);
  element.addEventListener('click', onPress);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  chat: 'M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 4.1c-.5.5-1.4.1-1.4-.6V16a2 2 0 0 1-1-2z',
  down: 'm6 9 6 6 6-6',
  close: 'M6 6l12 12M18 6 6 18',
  send: 'M4 11.5 20 4l-5.5 16-3.2-6.3zM20 4l-8.7 9.7',
  clip: 'm8.5 12.5 5.6-5.6a2.6 2.6 0 0 1 3.7 3.7l-7.1 7a4.2 4.2 0 0 1-6-6l6.8-6.7',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  sending: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2',
  sent: 'm5 13 4.5 4.5L19 7.5',
  delivered: 'm2 13 4.5 4.5L15 8.5M11 16.5l1 1L21.5 8',
  read: 'm2 13 4.5 4.5L15 8.5M11 16.5l1 1L21.5 8',
  failed: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v5M12 15.5v.5',
  star: 'm12 3.5 2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z',
} as const;

export type IconName = keyof typeof PATHS;

/** Says nothing to screen readers: what it means stands beside it. */
export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `icon i-${name}`);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** Only for screen readers. */
export function spoken(text: string): HTMLElement {
  return el('span', { class: 'spoken' }, text);
}
