import { type KeywordMenuConfig, MAIN_MENU, type MenuOption } from './bot-config.dto';
import { holds, plain } from './plain-text';

/** How far a customer has come in the menus of a bot. */
export interface MenuState {
  /** The menu whose options count; null before the first was shown. */
  menu: string | null;
  /** Messages in a row that were not understood. */
  fallbacks: number;
}

/** What a customer said, as far as a menu is concerned. */
export interface Heard {
  text: string | null;
  /** Of a pressed button or a chosen row of a list. */
  replyId: string | null;
}

/** Something to be said; with options it is a menu. */
export interface Said {
  text: string;
  options: { id: string; title: string }[];
}

/** What a bot does about a message. */
export interface MenuStep {
  says: Said[];
  state: MenuState;
  end: 'stay' | 'handoff' | 'close';
  understood: boolean;
}

const ID = /^menu:([a-z0-9_-]{1,40}):(\d{1,3})$/;

export function stepOf(config: KeywordMenuConfig, state: MenuState, heard: Heard): MenuStep {
  const chosen = chosenBy(config, state, heard);
  if (chosen === 'handoff') return handOff(config, true);
  if (chosen !== null) return follow(config, state, chosen);
  // Whoever says hello has not failed to choose.
  if (state.menu === null) return show(config, MAIN_MENU, [], true);
  const fallbacks = state.fallbacks + 1;
  if (fallbacks >= config.max_fallbacks) return handOff(config, false);
  const step = show(config, state.menu, [{ text: config.fallback, options: [] }], false);
  return { ...step, state: { ...step.state, fallbacks } };
}

/** A menu as one text, for where it cannot be shown with buttons. */
export function numbered({ text, options }: Said): string {
  return [text, '', ...options.map(({ title }, i) => `${i + 1}. ${title}`)].join('\n');
}

/**
 * In this order: the button or row itself; the whole text as a number, a title or a keyword of the menu; a word that
 * asks for a person; the longest keyword of the menu that the text holds.
 */
function chosenBy(config: KeywordMenuConfig, state: MenuState, heard: Heard): MenuOption | 'handoff' | null {
  const pressed = heard.replyId === null ? null : ID.exec(heard.replyId);
  if (pressed !== null) {
    const option = optionsOf(config, pressed[1]!)?.[Number(pressed[2])];
    if (option !== undefined) return option;
  }
  const text = plain(heard.text ?? '');
  if (text === '') return null;
  const options = optionsOf(config, state.menu ?? MAIN_MENU) ?? [];
  // A number means something only to whoever has seen the menu.
  if (state.menu !== null && /^\d{1,3}$/.test(text)) {
    const option = options[Number(text) - 1];
    if (option !== undefined) return option;
  }
  const named = options.find(({ title, keywords }) =>
    [title, ...(keywords ?? [])].some((word) => plain(word) === text),
  );
  if (named !== undefined) return named;
  if ((config.handoff_keywords ?? []).some((word) => holds(text, word))) return 'handoff';
  const held = options
    .flatMap((option) => (option.keywords ?? []).map((keyword) => ({ option, keyword })))
    .filter(({ keyword }) => holds(text, keyword))
    .sort((a, b) => plain(b.keyword).length - plain(a.keyword).length);
  return held[0]?.option ?? null;
}

function follow(config: KeywordMenuConfig, state: MenuState, option: MenuOption): MenuStep {
  const reply = option.reply === undefined ? [] : [{ text: option.reply, options: [] }];
  if (option.action === 'handoff') {
    const step = handOff(config, true);
    return { ...step, says: [...reply, ...step.says] };
  }
  if (option.action === 'close')
    return { says: reply, state: { menu: null, fallbacks: 0 }, end: 'close', understood: true };
  if (option.next !== undefined) return show(config, option.next, reply, true);
  return {
    says: reply,
    state: { menu: state.menu ?? MAIN_MENU, fallbacks: 0 },
    end: 'stay',
    understood: true,
  };
}

/** A menu that was taken out of the configuration meanwhile is the main menu. */
function show(config: KeywordMenuConfig, wanted: string, before: Said[], understood: boolean): MenuStep {
  const menu = config.menus?.find(({ id }) => id === wanted);
  const [id, text] = menu === undefined ? [MAIN_MENU, config.greeting] : [menu.id, menu.text];
  const options = (menu ?? config).options.map(({ title }, i) => ({ id: `menu:${id}:${i}`, title }));
  return {
    says: [...before, { text, options }],
    state: { menu: id, fallbacks: 0 },
    end: 'stay',
    understood,
  };
}

function handOff(config: KeywordMenuConfig, understood: boolean): MenuStep {
  const says = config.handoff_text === undefined ? [] : [{ text: config.handoff_text, options: [] }];
  return { says, state: { menu: null, fallbacks: 0 }, end: 'handoff', understood };
}

function optionsOf(config: KeywordMenuConfig, id: string): MenuOption[] | undefined {
  return id === MAIN_MENU ? config.options : config.menus?.find((menu) => menu.id === id)?.options;
}
