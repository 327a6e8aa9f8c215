import type { Entrance } from '../access-table';
import { sampleOf } from './sample';
import { mapSchema, refTo, resolve, type Schema, type Schemas } from './schema';
import { schemasOf } from './typescript-schemas';
import { applyValidators, validatedClasses } from './validator-rules';

/** From the folder in which the types are compiled. */
const PAYLOADS = '../../src/crm-gateway/crm-payloads.js';
const NAMESPACE = '/crm';

const ABOUT = `Socket.IO 4, namespace \`${NAMESPACE}\`. Connect with \`auth: { token }\`, the access token of \`POST /auth/login\`, and with \
\`auth: { token, after: cursor }\` to hear first what was missed. The guide is docs/crm-socket.md.

The payload is an event's first argument. What is shown here as its headers is the second argument of those events that come \
from the journal: with its cursor everything after the event can be asked for.

A client's messages are acknowledged with the answer that is shown, or with \`{ error }\`. Without an acknowledgement an error \
comes as \`system:error\`.`;

/** The messages of the socket, both ways, with their schemas from the types that the gateway is compiled against. */
export function asyncApi(entrances: readonly Entrance[], version: string): object {
  const { of, named } = schemasOf(
    ['StreamedEvents', 'PassingEvents', 'ClientMessages', 'EventMeta', 'ErrorBody'].map((name) => ({
      name: `The${name}`,
      text:
        name === 'ErrorBody'
          ? `import('../../src/common/app-error.js').${name}`
          : `import('${PAYLOADS}').${name}`,
    })),
  );
  const schemas: Schemas = { ...named };
  applyValidators(schemas, validatedClasses());
  const partsOf = (name: string): [string, Schema][] =>
    Object.entries(resolve(of.get(`The${name}`)!, schemas).properties!);

  const streamed = partsOf('StreamedEvents').map(([name, payload]) => event(name, payload, schemas, true));
  const passing = partsOf('PassingEvents').map(([name, payload]) => event(name, payload, schemas, false));
  const said = partsOf('ClientMessages').map(([name, both]) => {
    const { payload, answer } = both.properties!;
    return { name, about: both.description ?? '', payload: payload!, answer: answer! };
  });
  const problems = undescribed(entrances, said);
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const messages = Object.fromEntries([
    ...[...streamed, ...passing].map((one) => [keyOf(one.name), one]),
    ...said.flatMap((one) => [
      [keyOf(one.name), clientMessage(one, entrances, schemas)],
      [answerKey(one.name), answerTo(one, schemas)],
    ]),
  ]) as Record<string, object>;
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'ApiCeChat: the socket for agents',
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
    channels: {
      crm: {
        address: NAMESPACE,
        title: 'Agents',
        messages: Object.fromEntries(
          Object.keys(messages).map((key) => [key, { $ref: `#/components/messages/${key}` }]),
        ),
      },
    },
    operations: {
      tell: {
        action: 'send',
        channel: CHANNEL,
        summary: 'What the server says.',
        messages: [...streamed, ...passing].map((one) => inChannel(keyOf(one.name))),
      },
      ...Object.fromEntries(
        said.map(({ name, about }) => [
          keyOf(name),
          {
            action: 'receive',
            channel: CHANNEL,
            summary: about,
            messages: [inChannel(keyOf(name))],
            reply: { channel: CHANNEL, messages: [inChannel(answerKey(name))] },
          },
        ]),
      ),
    },
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

interface Said {
  name: string;
  about: string;
  payload: Schema;
  answer: Schema;
}

const CHANNEL = { $ref: '#/channels/crm' };
const keyOf = (name: string): string => name.replaceAll(':', '_');
const answerKey = (name: string): string => `${keyOf(name)}_answer`;
const inChannel = (key: string): object => ({ $ref: `#/channels/crm/messages/${key}` });

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
): object {
  const rule = entrances.find((one) => one.kind === 'message' && one.name === name)?.rule;
  return {
    name,
    title: name,
    summary: about,
    description: rule?.kind === 'level' ? `For: ${rule.level} and above.` : '',
    payload,
    examples: [{ payload: sampleOf(payload, schemas) }],
  };
}

function answerTo({ name, answer }: Said, schemas: Schemas): object {
  const error: Schema = { type: 'object', properties: { error: refTo('ErrorBody') }, required: ['error'] };
  return {
    name: `${name} (acknowledgement)`,
    payload: { anyOf: [answer, error] },
    examples: [{ payload: sampleOf(answer, schemas) }],
  };
}

/** Messages that the gateway takes and no type describes, and the other way round. */
function undescribed(entrances: readonly Entrance[], said: readonly Said[]): string[] {
  const taken = new Set(
    entrances.filter((one) => one.kind === 'message' && one.scope === NAMESPACE).map((one) => one.name),
  );
  const described = new Set(said.map((one) => one.name));
  return [
    ...[...taken]
      .filter((name) => !described.has(name))
      .map((name) => `${name} is not in ClientMessages of crm-payloads.ts.`),
    ...[...described]
      .filter((name) => !taken.has(name))
      .map((name) => `${name} is described in ClientMessages, and the gateway does not take it.`),
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
