import { el, spoken } from './dom';
import { webAddress } from './entries';

const ADDRESS = /https?:\/\/[^\s<>"']+/gi;
/** What ends a sentence rather than an address. */
const TAIL = /[.,;:!?)\]}…]+$/;

/** A text with its addresses of the web as links; all the rest stays text. */
export function richText(text: string, newTab: string): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const shown = withoutTail(found);
    const href = webAddress(shown);
    if (href === null) continue;
    nodes.push(document.createTextNode(text.slice(at, index)), link(href, newTab, shown));
    at = index + shown.length;
  }
  nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

export function link(href: string, newTab: string, ...shown: (Node | string)[]): HTMLAnchorElement {
  return el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, ...shown, spoken(` (${newTab})`));
}

/** A bracket that was opened within the address belongs to it, as in Wikipedia's. */
function withoutTail(address: string): string {
  const tail = TAIL.exec(address)?.[0] ?? '';
  const isOpened = tail.startsWith(')') && address.slice(0, -tail.length).includes('(');
  return address.slice(0, address.length - tail.length + (isOpened ? 1 : 0));
}
