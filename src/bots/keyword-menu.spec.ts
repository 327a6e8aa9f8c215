import type { KeywordMenuConfig } from './bot-config.dto';
import { type MenuState, stepOf } from './keyword-menu';

const CONFIG = {
  greeting: 'Welcome!',
  options: [
    { title: 'Prices', keywords: ['price', 'envío'], reply: 'From 5.' },
    { title: 'Hours', keywords: ['price list'], next: 'hours' },
    { title: '2', reply: 'The one that is called two.' },
    { title: 'Human resources', reply: 'Jobs.' },
    { title: 'Bye', reply: 'See you.', action: 'close' },
    { title: 'Talk', reply: 'One moment.', action: 'handoff' },
  ],
  menus: [
    {
      id: 'hours',
      text: 'Which shop?',
      options: [
        { title: 'North', reply: 'Nine to five.' },
        { title: 'Back', next: 'main' },
      ],
    },
  ],
  fallback: 'What?',
  max_fallbacks: 2,
  handoff_keywords: ['human'],
  handoff_text: 'Somebody comes.',
  list_button: 'Menu',
} satisfies KeywordMenuConfig;
const NEW: MenuState = { menu: null, fallbacks: 0 };
const MAIN: MenuState = { menu: 'main', fallbacks: 1 };
const HOURS: MenuState = { menu: 'hours', fallbacks: 0 };

/** What is said and where it leads, in short. */
function answer(
  state: MenuState,
  text: string | null,
  replyId: string | null = null,
  config: KeywordMenuConfig = CONFIG,
): object {
  const { says, state: after, end, understood } = stepOf(config, state, { text, replyId });
  return { says: says.map((said) => said.text), ...after, end, understood };
}
const stays = (menu: string, ...says: string[]): object => ({
  says,
  menu,
  fallbacks: 0,
  end: 'stay',
  understood: true,
});
const ends = (end: 'close' | 'handoff', ...says: string[]): object => ({
  says,
  menu: null,
  fallbacks: 0,
  end,
  understood: true,
});
const fails = (menu: string, fallbacks: number, ...says: string[]): object => ({
  says: ['What?', ...says],
  menu,
  fallbacks,
  end: 'stay',
  understood: false,
});

test.each<[string, MenuState, string | null, string | null, object]>([
  ['a greeting, which has not failed to choose', NEW, 'hello', null, stays('main', 'Welcome!')],
  ['a picture at first', NEW, null, null, stays('main', 'Welcome!')],
  ['a number before any menu was shown', NEW, '1', null, stays('main', 'Welcome!')],
  ['a word of the menu before it was shown', NEW, 'the price, please', null, stays('main', 'From 5.')],
  ['a number', MAIN, ' 1. ', null, stays('main', 'From 5.')],
  ['a number before a title that is the same', MAIN, '2', null, stays('hours', 'Which shop?')],
  [
    'a title that is a number, where no number counts',
    NEW,
    '2',
    null,
    stays('main', 'The one that is called two.'),
  ],
  ['a number in another menu', HOURS, '1', null, stays('hours', 'Nine to five.')],
  ['a title, whatever its case', MAIN, 'HOURS', null, stays('hours', 'Which shop?')],
  ['a keyword, whatever its accents and marks', MAIN, '¿Envio?', null, stays('main', 'From 5.')],
  ['the longest keyword of several', MAIN, 'send me the price list', null, stays('hours', 'Which shop?')],
  ['a title that holds a word for a person', MAIN, 'human resources', null, stays('main', 'Jobs.')],
  ['a word for a person before a keyword', MAIN, 'price? a human!', null, ends('handoff', 'Somebody comes.')],
  ['a word for a person at first', NEW, 'human', null, ends('handoff', 'Somebody comes.')],
  ['an option that ends', MAIN, 'bye', null, ends('close', 'See you.')],
  ['an option that brings a person', MAIN, 'talk', null, ends('handoff', 'One moment.', 'Somebody comes.')],
  ['a way back', HOURS, 'back', null, stays('main', 'Welcome!')],
  ['a button of another menu than the last', HOURS, 'Prices', 'menu:main:0', stays('hours', 'From 5.')],
  ['a button before its words', MAIN, 'bye', 'menu:main:0', stays('main', 'From 5.')],
  ['a button that is gone, by its words', MAIN, 'Prices', 'menu:main:99', stays('main', 'From 5.')],
  ['a button of somebody else, by its words', MAIN, 'Prices', 'shop:main:1', stays('main', 'From 5.')],
  ['a word inside another', HOURS, 'northern', null, fails('hours', 1, 'Which shop?')],
  ['a number that no option has', HOURS, '3', null, fails('hours', 1, 'Which shop?')],
  ['the number 0', HOURS, '0', null, fails('hours', 1, 'Which shop?')],
  ['a word of another menu', HOURS, 'price', null, fails('hours', 1, 'Which shop?')],
  ['nothing but marks', HOURS, '?!', null, fails('hours', 1, 'Which shop?')],
])('%s', (_, state, text, replyId, expected) => {
  expect(answer(state, text, replyId)).toEqual(expected);
});

test('so many failures in a row bring a person, and without words of its own silently', () => {
  expect(answer(MAIN, 'x')).toEqual({
    says: ['Somebody comes.'],
    menu: null,
    fallbacks: 0,
    end: 'handoff',
    understood: false,
  });
  const silent = { ...CONFIG, handoff_text: undefined };
  expect(answer(MAIN, 'x', null, silent)).toMatchObject({ says: [], end: 'handoff' });
});

test('the options of a menu carry its id, by which they are found again', () => {
  const [shown] = stepOf(CONFIG, MAIN, { text: 'hours', replyId: null }).says;
  expect(shown!.options).toEqual([
    { id: 'menu:hours:0', title: 'North' },
    { id: 'menu:hours:1', title: 'Back' },
  ]);
  const { says } = stepOf(CONFIG, NEW, { text: null, replyId: shown!.options[0]!.id });
  expect(says.map(({ text }) => text)).toEqual(['Nine to five.']);
});

test('a menu that was taken out meanwhile is the main menu, whose numbers count from then on', () => {
  const without = { ...CONFIG, menus: [] };
  expect(answer(HOURS, '1', null, without)).toEqual(fails('main', 1, 'Welcome!'));
  const { state, says } = stepOf(without, HOURS, { text: '1', replyId: null });
  expect(says.at(-1)!.options[0]).toEqual({ id: 'menu:main:0', title: 'Prices' });
  expect(answer(state, '1', null, without)).toEqual(stays('main', 'From 5.'));
});
