import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { AppError } from '../common/app-error';
import { IsLeftOutOrGiven, IsName, IsText } from '../common/text-rules';
import { checked } from '../platform/http/validation';
import { plain } from './plain-text';

export const BOT_KINDS = ['none', 'keyword_menu', 'webhook'] as const;
/** `none` is a name that messages and conversations may carry; it never says anything by itself. */
export type BotKind = (typeof BOT_KINDS)[number];

/** The menu that a conversation begins in. */
export const MAIN_MENU = 'main';
/** WhatsApp takes no more where there are buttons beside the words. */
const MENU_TEXT = 1_024;
const REPLY_TEXT = 4_096;
const MAX_OPTIONS = 20;
const MAX_MENUS = 50;
const MAX_KEYWORDS = 30;
const KEYWORD = 60;
const DEFAULT_FALLBACKS = 3;
const DEFAULT_TIMEOUT_SECONDS = 10;

/** Something a customer may choose. It says `reply`, shows the menu `next`, or ends the bot's part by `action`. */
export class MenuOption {
  @IsName(KEYWORD)
  title!: string;

  /** Words that choose it, besides its number and its title. */
  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayMaxSize(MAX_KEYWORDS)
  @IsName(KEYWORD, { each: true })
  keywords?: string[];

  @IsLeftOutOrGiven()
  @IsText(1, REPLY_TEXT)
  reply?: string;

  /** The id of a menu; `main` is the first one. */
  @IsLeftOutOrGiven()
  @IsString()
  next?: string;

  @IsLeftOutOrGiven()
  @IsIn(['handoff', 'close'])
  action?: 'handoff' | 'close';
}

export class Menu {
  @Matches(/^[a-z0-9_-]{1,40}$/, { message: 'id has 1 to 40 characters of a-z, 0-9, - and _' })
  id!: string;

  @IsText(1, MENU_TEXT)
  text!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_OPTIONS)
  @ValidateNested({ each: true })
  @Type(() => MenuOption)
  options!: MenuOption[];
}

/** `config` of a bot of kind `keyword_menu`. */
export class KeywordMenuConfig {
  /** Stands above the main menu. */
  @IsText(1, MENU_TEXT)
  greeting!: string;

  /** The main menu. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_OPTIONS)
  @ValidateNested({ each: true })
  @Type(() => MenuOption)
  options!: MenuOption[];

  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayMaxSize(MAX_MENUS)
  @ValidateNested({ each: true })
  @Type(() => Menu)
  menus?: Menu[];

  /** Said, before the menu is shown again, to what is not understood. */
  @IsText(1, REPLY_TEXT)
  fallback!: string;

  /** So many messages in a row that are not understood bring a person. Default 3. */
  @IsInt()
  @Min(1)
  @Max(10)
  max_fallbacks: number = DEFAULT_FALLBACKS;

  /** Words that ask for a person. */
  @IsLeftOutOrGiven()
  @IsArray()
  @ArrayMaxSize(MAX_KEYWORDS)
  @IsName(KEYWORD, { each: true })
  handoff_keywords?: string[];

  /** Said when a person is to go on. */
  @IsLeftOutOrGiven()
  @IsText(1, REPLY_TEXT)
  handoff_text?: string;

  /** What is written on the button that opens a menu of more than three options. */
  @IsName(20)
  list_button: string = 'Menu';
}

/** `config` of a bot of kind `webhook`. */
export class WebhookConfig {
  /** Where it is asked; `http` or `https`, without a user in it. */
  @IsString()
  @MaxLength(2_000)
  @Matches(/^https?:\/\/[^\s\0\p{Surrogate}]+$/u, {
    message: 'url is an address that begins with https:// or http://',
  })
  url!: string;

  /** How long its answer is waited for. Default 10. */
  @IsInt()
  @Min(1)
  @Max(10)
  timeout_seconds: number = DEFAULT_TIMEOUT_SECONDS;

  /** Said to the customer when the service does not answer and a person is to go on. */
  @IsLeftOutOrGiven()
  @IsText(1, REPLY_TEXT)
  handoff_text?: string;
}

/** `config` of a bot of kind `none`: empty. */
export type NoConfig = Record<string, never>;

export type BotConfig = KeywordMenuConfig | WebhookConfig | NoConfig;

/** @throws AppError `VALIDATION_FAILED` naming the field */
export function configOf(kind: BotKind, given: object): BotConfig {
  switch (kind) {
    case 'none':
      if (Object.keys(given).length > 0) throw refused('config', 'A bot of kind none has no config.');
      return {};
    case 'keyword_menu':
      return sound(checked(KeywordMenuConfig, given, 'config'));
    case 'webhook': {
      const config = checked(WebhookConfig, given, 'config');
      if (!isPlainAddress(config.url)) throw refused('config.url', 'url is not an address, or names a user.');
      return config;
    }
  }
}

/** What the shape alone cannot say: every option leads somewhere, and no two are the same to the customer. */
function sound(config: KeywordMenuConfig): KeywordMenuConfig {
  const menus = config.menus ?? [];
  const ids = [MAIN_MENU, ...menus.map(({ id }) => id)];
  if (new Set(ids).size < ids.length)
    throw refused('config.menus', `Every menu has an id of its own, and "${MAIN_MENU}" is the first one.`);
  checkOptions(config.options, 'config.options', ids);
  menus.forEach(({ options }, i) => checkOptions(options, `config.menus.${i}.options`, ids));
  return config;
}

function checkOptions(options: MenuOption[], field: string, ids: string[]): void {
  const titles = new Set<string>();
  options.forEach(({ title, reply, next, action }, i) => {
    const at = `${field}.${i}`;
    if (reply === undefined && next === undefined && action === undefined)
      throw refused(at, 'An option says a reply, leads to a next menu or has an action.');
    if (next !== undefined && action !== undefined)
      throw refused(at, 'An option leads to a next menu or has an action, not both.');
    if (next !== undefined && !ids.includes(next)) throw refused(`${at}.next`, `There is no menu "${next}".`);
    if (titles.size === titles.add(plain(title) || title).size)
      throw refused(`${at}.title`, 'Two options of a menu have the same title.');
  });
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

function refused(field: string, problem: string): AppError {
  return new AppError('VALIDATION_FAILED', problem, [{ field, problem }]);
}
