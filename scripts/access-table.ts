import { RequestMethod } from '@nestjs/common';
import { ACCESS_RULE, type AccessRule } from '../src/platform/http/access';
import { LIMITED_AS_LOGIN, UNLIMITED } from '../src/platform/http/rate-limit.guard';
import { ACCESS_LEVELS } from '../src/common/access-level';

// Nest's own metadata keys; only some of them are exported.
const MODULE_KEYS = ['imports', 'controllers', 'providers'] as const;
const PATH = 'path';
const METHOD = 'method';
const IS_GATEWAY = 'websockets:is_gateway';
const GATEWAY_OPTIONS = 'websockets:gateway_options';
const IS_MESSAGE = 'websockets:message_mapping';
const MESSAGE = 'message';

export type Class = (new (...args: never[]) => unknown) & { prototype: object };
type Parts = Record<(typeof MODULE_KEYS)[number], unknown[]>;

/** A route or a socket message. */
export interface Entrance {
  kind: 'route' | 'message';
  /** The HTTP method, or the socket namespace. */
  scope: string;
  /** The route's path, or the message's name. */
  name: string;
  /** Where it is declared: `UsersController.list`. */
  handler: string;
  type: Class;
  method: string;
  rule: AccessRule | null;
  limit: 'login' | 'none' | 'usual';
}

/** Every entrance of a module and of all it imports, without making an instance of anything. */
export async function collectEntrances(rootModule: unknown): Promise<Entrance[]> {
  const parts = await collectParts(rootModule);
  const entrances = [
    ...[...parts.controllers].flatMap(routesOf),
    ...[...parts.providers].filter((one) => metadata(IS_GATEWAY, one) === true).flatMap(messagesOf),
  ];
  return entrances.toSorted((a, b) => compare(sortKey(a), sortKey(b)));
}

export function undeclared(entrances: readonly Entrance[]): string[] {
  return entrances
    .filter((one) => one.rule === null)
    .map(
      (one) =>
        `${one.scope} ${one.name} (${one.handler}) declares nobody: add @Access(level), @AccessFor(callers) or @Public(because).`,
    );
}

export function accessTable(entrances: readonly Entrance[]): string {
  const routes = entrances.filter((one) => one.kind === 'route');
  const messages = entrances.filter((one) => one.kind === 'message');
  return [
    '# Who may call what',
    '',
    'Generated from the code by `npm run generate:access`; `npm run check` compares it. What declares nobody is',
    `refused by the server and fails the check. Levels, each including those before it: ${ACCESS_LEVELS.join(', ')}.`,
    'Limits are per caller: "login" is the stricter one for routes where passwords are tried.',
    '',
    `## HTTP routes (${routes.length})`,
    '',
    ...table(['Method', 'Path', 'Who', 'Limit'], routes, (one) => [one.limit]),
    '',
    `## Socket messages (${messages.length})`,
    '',
    'Connecting to a namespace takes a token; these are the messages a connected client may send.',
    '',
    ...table(['Namespace', 'Message', 'Who'], messages, () => []),
    '',
  ].join('\n');
}

function table(heads: string[], entrances: readonly Entrance[], more: (one: Entrance) => string[]): string[] {
  const row = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rows = entrances.map((one) => row([one.scope, `\`${one.name}\``, who(one.rule), ...more(one)]));
  return [row(heads), row(heads.map(() => '---')), ...rows];
}

function who(rule: AccessRule | null): string {
  if (rule === null) return '**undeclared**';
  if (rule.kind === 'public') return `anyone: ${rule.because}`;
  if (rule.kind === 'level') return rule.level;
  return rule.level === undefined ? rule.who : `${rule.who}, or ${rule.level}`;
}

async function collectParts(
  rootModule: unknown,
): Promise<{ controllers: Set<Class>; providers: Set<Class> }> {
  const controllers = new Set<Class>();
  const providers = new Set<Class>();
  const seen = new Set<unknown>();
  const queue: unknown[] = [rootModule];
  for (const entry of queue) {
    const one = unwrapped(await entry);
    if (one === undefined || one === null || seen.has(one)) continue;
    seen.add(one);
    const parts = partsOf(one);
    queue.push(...parts.imports);
    for (const controller of parts.controllers) if (isClass(controller)) controllers.add(controller);
    for (const provider of parts.providers) {
      const type = classOf(provider);
      if (type !== null) providers.add(type);
    }
  }
  return { controllers, providers };
}

/** What a module's class declares, together with what a dynamic module adds. */
function partsOf(module: unknown): Parts {
  const parts: Parts = { imports: [], controllers: [], providers: [] };
  const type = isClass(module) ? module : (module as { module?: unknown }).module;
  for (const key of MODULE_KEYS) {
    const declared: unknown = isClass(type) ? metadata(key, type) : undefined;
    const added: unknown = isClass(module) ? undefined : (module as Partial<Parts>)[key];
    for (const list of [declared, added]) if (Array.isArray(list)) parts[key].push(...(list as unknown[]));
  }
  return parts;
}

function unwrapped(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || !('forwardRef' in entry)) return entry;
  return (entry.forwardRef as () => unknown)();
}

function classOf(provider: unknown): Class | null {
  const type: unknown = isClass(provider)
    ? provider
    : (provider as { useClass?: unknown } | undefined)?.useClass;
  return isClass(type) ? type : null;
}

function routesOf(controller: Class): Entrance[] {
  return handlersOf(controller).flatMap(({ handler, label, method }) => {
    const verb = metadata(METHOD, handler) as RequestMethod | undefined;
    if (verb === undefined) return [];
    const paths = texts(metadata(PATH, controller)).flatMap((prefix) =>
      texts(metadata(PATH, handler)).map((path) => joined(prefix, path)),
    );
    const rule = ruleOf(handler, controller);
    const limit = limitOf(handler, controller);
    return paths.map((name) => ({
      kind: 'route',
      scope: RequestMethod[verb],
      name,
      handler: label,
      type: controller,
      method,
      rule,
      limit,
    }));
  });
}

function messagesOf(gateway: Class): Entrance[] {
  const options = metadata(GATEWAY_OPTIONS, gateway) as { namespace?: string | RegExp } | undefined;
  return handlersOf(gateway).flatMap(({ handler, label, method }) => {
    if (metadata(IS_MESSAGE, handler) !== true) return [];
    const message: unknown = metadata(MESSAGE, handler);
    return {
      kind: 'message',
      scope: joined(String(options?.namespace ?? '')),
      name: typeof message === 'string' ? message : JSON.stringify(message),
      handler: label,
      type: gateway,
      method,
      rule: ruleOf(handler, gateway),
      limit: 'usual',
    };
  });
}

/** As Nest does it: the methods of the class and of those it extends. */
function handlersOf(type: Class): { handler: object; label: string; method: string }[] {
  const handlers = new Map<string, object>();
  for (
    let at: object | null = type.prototype;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !handlers.has(name))
        handlers.set(name, value);
    }
  }
  return [...handlers].map(([method, handler]) => ({ handler, label: `${type.name}.${method}`, method }));
}

function ruleOf(handler: object, type: Class): AccessRule | null {
  return ((metadata(ACCESS_RULE, handler) ?? metadata(ACCESS_RULE, type)) as AccessRule | undefined) ?? null;
}

function limitOf(handler: object, type: Class): Entrance['limit'] {
  if (metadata(LIMITED_AS_LOGIN, handler) === true) return 'login';
  return metadata(UNLIMITED, type) === true ? 'none' : 'usual';
}

function metadata(key: string, target: object): unknown {
  return Reflect.getMetadata(key, target) as unknown;
}

function texts(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value ?? ''];
  return list.map(String);
}

function joined(...parts: string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')}`;
}

function isClass(value: unknown): value is Class {
  return typeof value === 'function' && value.prototype !== undefined;
}

function sortKey(one: Entrance): string {
  return [
    one.kind === 'route' ? 0 : 1,
    ...(one.kind === 'route' ? [one.name, one.scope] : [one.scope, one.name]),
    one.handler,
  ].join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
