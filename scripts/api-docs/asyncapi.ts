import type { AccessRule } from '../../src/platform/http/access';
import type { Entrance } from '../access-table';
import { sampleOf } from './sample';
import { mapSchema, refTo, resolve, type Schema, type Schemas } from './schema';
import { schemasOf, type WantedType } from './typescript-schemas';
import { applyValidators, validatedClasses } from './validator-rules';

/** A namespace, as the types in `payloads` describe it. */
interface Namespace {
  scope: string;
  channel: string;
  title: string;
  /** From the folder in which the types are compiled. */
  payloads: string;
  /** Events of the journal, which have a second argument. */
  streamed: string | null;
  passing: string;
  said: string;
  /** What an error is acknowledged with: a schema, and the type that it needs. */
  refusal: { schema: Schema; type: string };
  /** Of its messages in the document; names are not unique over both. */
  prefix: string;
}

const NAMESPACES: readonly Namespace[] = [
  {
    scope: '/crm',
    channel: 'crm',
    title: 'Agents',
    payloads: '../../src/crm-gateway/crm-payloads.js',
    streamed: 'StreamedEvents',
    passing: 'PassingEvents',
    said: 'ClientMessages',
    refusal: {
      schema: { type: 'object', properties: { error: refTo('ErrorBody') }, required: ['error'] },
      type: `import('../../src/common/app-error.js').ErrorBody`,
    },
    prefix: '',
  },
  {
    scope: '/',
    channel: 'chat',
    title: 'Users of the live chat, and staff who answer them',
    payloads: '../../src/chat-gateway/chat-payloads.js',
    streamed: null,
    passing: 'ChatServerEvents',
    said: 'ChatClientMessages',
    refusal: {
      schema: refTo('ChatError'),
      type: `import('../../src/app-chat/chat-error-form.js').ChatError`,
    },
    prefix: 'chat.',
  },
];

const META = { name: 'TheEventMeta', text: `import('${NAMESPACES[0]!.payloads}').EventMeta` };

const ABOUT = `Socket.IO 4. The payload is an event's first argument.

Namespace \`/crm\`: connect with \`auth: { token }\`, the access token of \`POST /auth/login\`, and with \
\`auth: { token, after: cursor }\` to hear first what was missed. The guide is docs/crm-socket.md. What is shown here as \
the headers of an event is the second argument of those that come from the journal: with its cursor everything after the \
event can be asked for. A client's messages are acknowledged with the answer that is shown, or with \`{ error }\`. Without an \
acknowledgement an error comes as \`system:error\`.

Namespace \`/\`: connect with \`auth: { token }\`, the token of a chat session or an access token of staff. The guide is \
docs/chat-socket.md. Without an acknowledgement an error comes as \`error\` or \`chat-error\`.`;

/** The messages of the sockets, both ways, with their schemas from the types that the gateways are compiled against. */
export function asyncApi(entrances: readonly Entrance[], version: string): object {
  const { of, named } = schemasOf([META, ...NAMESPACES.flatMap(wantedOf)]);
  const schemas: Schemas = { ...named };
  applyValidators(schemas, validatedClasses());
  const parts = NAMESPACES.map((namespace) => partOf(namespace, entrances, of, schemas));
  const messages = Object.assign({}, ...parts.map((part) => part.messages)) as Record<string, object>;
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'ApiCeChat: the sockets for agents and for the live chat',
      version,
      description: ABOUT,
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      yours: {
        host: 'localhost:3000',
        protocol: 'ws',
        description: 'Where you run it; wss behind TLS.',
        security: [{ $ref: '#/components/securitySchemes/token' }],
      },
    },
    channels: Object.fromEntries(parts.map(({ name, channel }) => [name, channel])),
    operations: Object.assign({}, ...parts.map((part) => part.operations)) as object,
  };
  return {
    ...document,
    components: {
      messages,
      schemas: reachable(messages, schemas),
      securitySchemes: {
        token: {
          type: 'httpApiKey',
          name: 'token',
          in: 'query',
          description: '`auth.token` of the handshake.',
        },
      },
    },
  };
}

function wantedOf({ payloads, streamed, passing, said, refusal }: Namespace): WantedType[] {
  return [
    ...[streamed, passing, said].flatMap((name) =>
      name === null ? [] : { name: `The${name}`, text: `import('${payloads}').${name}` },
    ),
    { name: `TheRefusalOf${passing}`, text: refusal.type },
  ];
}

function partOf(
  namespace: Namespace,
  entrances: readonly Entrance[],
  of: Map<string, Schema>,
  schemas: Schemas,
): { name: string; channel: object; messages: Record<string, object>; operations: object } {
  const partsOf = (name: string | null): [string, Schema][] =>
    name === null ? [] : Object.entries(resolve(of.get(`The${name}`)!, schemas).properties!);
  const streamed = partsOf(namespace.streamed).map(([name, payload]) => event(name, payload, schemas, true));
  const passing = partsOf(namespace.passing).map(([name, payload]) => event(name, payload, schemas, false));
  const said = partsOf(namespace.said).map(([name, both]) => {
    const { payload, answer } = both.properties!;
    return { name, about: both.description ?? '', payload: payload!, answer: answer! };
  });
  const problems = undescribed(entrances, said, namespace);
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const keyOf = (name: string): string => `${namespace.prefix}${name.replaceAll(':', '_')}`;
  const answerKey = (name: string): string => `${keyOf(name)}_answer`;
  const inChannel = (key: string): object => ({ $ref: `#/channels/${namespace.channel}/messages/${key}` });
  const channel = { $ref: `#/channels/${namespace.channel}` };
  const messages = Object.fromEntries([
    ...[...streamed, ...passing].map((one) => [keyOf(one.name), one]),
    ...said.flatMap((one) => [
      [keyOf(one.name), clientMessage(one, entrances, schemas, namespace)],
      [answerKey(one.name), answerTo(one, schemas, namespace)],
    ]),
  ]) as Record<string, object>;
  return {
    name: namespace.channel,
    messages,
    channel: {
      address: namespace.scope,
      title: namespace.title,
      messages: Object.fromEntries(
        Object.keys(messages).map((key) => [key, { $ref: `#/components/messages/${key}` }]),
      ),
    },
    operations: {
      [`${namespace.prefix}tell`]: {
        action: 'send',
        channel,
        summary: 'What the server says.',
        messages: [...streamed, ...passing].map((one) => inChannel(keyOf(one.name))),
      },
      ...Object.fromEntries(
        said.map(({ name, about }) => [
          keyOf(name),
          {
            action: 'receive',
            channel,
            summary: about,
            messages: [inChannel(keyOf(name))],
            reply: { channel, messages: [inChannel(answerKey(name))] },
          },
        ]),
      ),
    },
  };
}

interface Said {
  name: string;
  about: string;
  payload: Schema;
  answer: Schema;
}

function event(
  name: string,
  { description, ...payload }: Schema,
  schemas: Schemas,
  fromJournal: boolean,
): { name: string } {
  const example = sampleOf(payload, schemas);
  return {
    name,
    title: name,
    ...(description === undefined ? {} : { summary: description }),
    ...(fromJournal ? { headers: refTo('EventMeta') } : {}),
    payload,
    examples: [
      { payload: example, ...(fromJournal ? { headers: sampleOf(refTo('EventMeta'), schemas) } : {}) },
    ],
  } as { name: string };
}

function clientMessage(
  { name, about, payload }: Said,
  entrances: readonly Entrance[],
  schemas: Schemas,
  { scope }: Namespace,
): object {
  const rule = entrances.find(
    (one) => one.kind === 'message' && one.scope === scope && one.name === name,
  )?.rule;
  return {
    name,
    title: name,
    summary: about,
    description: rule ? `For: ${callersOf(rule)}.` : '',
    payload,
    examples: [{ payload: sampleOf(payload, schemas) }],
  };
}

function callersOf(rule: AccessRule): string {
  if (rule.kind === 'public') return 'anyone';
  const staff = rule.level === undefined ? [] : [`${rule.level} and above`];
  return [...(rule.kind === 'callers' ? [rule.who] : []), ...staff].join(', ');
}

function answerTo({ name, answer }: Said, schemas: Schemas, { refusal }: Namespace): object {
  return {
    name: `${name} (acknowledgement)`,
    payload: { anyOf: [answer, refusal.schema] },
    examples: [{ payload: sampleOf(answer, schemas) }],
  };
}

/** Messages that the gateway takes and no type describes, and the other way round. */
function undescribed(
  entrances: readonly Entrance[],
  said: readonly Said[],
  { scope, said: type, payloads }: Namespace,
): string[] {
  const taken = new Set(
    entrances.filter((one) => one.kind === 'message' && one.scope === scope).map((one) => one.name),
  );
  const described = new Set(said.map((one) => one.name));
  return [
    ...[...taken]
      .filter((name) => !described.has(name))
      .map((name) => `${name} is not in ${type} of ${payloads}.`),
    ...[...described]
      .filter((name) => !taken.has(name))
      .map((name) => `${name} is described in ${type}, and the gateway does not take it.`),
  ];
}

/** The schemas that the messages need, directly or not. */
function reachable(messages: object, schemas: Schemas): Schemas {
  const found = new Set<string>();
  const look = (text: string): void => {
    for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      if (found.has(name!)) continue;
      found.add(name!);
      look(JSON.stringify(schemas[name!]));
    }
  };
  look(JSON.stringify(messages));
  return Object.fromEntries([...found].toSorted().map((name) => [name, closed(schemas[name]!)]));
}

/** What a type does not name is not sent. */
function closed(schema: Schema): Schema {
  return mapSchema(schema, (one) =>
    one.properties === undefined || one.additionalProperties !== undefined
      ? one
      : { ...one, additionalProperties: false },
  );
}
