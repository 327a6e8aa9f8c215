import { HTTP_CODE_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import type { Class, Entrance } from '../access-table';
import { CHAPTERS } from './catalogue';
import type { Described } from './described';
import { CHAT_PROBLEM, failures, PROBLEM } from './failures';
import { SECURITY_SCHEMES, securityOf, SIGNED_HEADERS, who } from './proofs';
import { sampleOf } from './sample';
import { resolve, type Schema, type Schemas } from './schema';
import { classPaths, schemasOf, type WantedType } from './typescript-schemas';
import { applyValidators, validatedClasses } from './validator-rules';

export interface ApiDescription {
  routes: Described[];
  schemas: Schemas;
}

const ANSWER_OF = 'AnswerOf';
const ARGUMENT_OF = 'ArgumentOf';
const FIELDS_OF = 'FieldsOf';

/** Routes without an entry in the catalogue, and entries without a route. */
export function catalogueProblems(entrances: readonly Entrance[]): string[] {
  const routes = new Set(entrances.filter((one) => one.kind === 'route').map(nameOf));
  const described = new Set(CHAPTERS.flatMap((chapter) => chapter.requests.map((doc) => doc.route)));
  return [
    ...[...routes]
      .filter((route) => !described.has(route))
      .map((route) => `${route} is not in scripts/api-docs/catalogue.`),
    ...[...described]
      .filter((route) => !routes.has(route))
      .map((route) => `${route} is in the catalogue and does not exist.`),
  ];
}

/** Everything the documents say, from the code and the catalogue. */
export function describeApi(entrances: readonly Entrance[]): ApiDescription {
  const routes = entrances.filter((one) => one.kind === 'route');
  const paths = classPaths();
  const docs = CHAPTERS.flatMap((chapter) => chapter.requests);
  const chatErrors = paths.get('ChatLimits')!.replace('chat-limits.service', 'chat-error-form');
  const wanted: WantedType[] = [
    { name: 'Problem', text: `import('${paths.get('AppError')}').${PROBLEM}` },
    { name: 'ChatProblem', text: `import('${chatErrors}').${CHAT_PROBLEM}` },
    ...[...new Set(docs.flatMap((doc) => doc.fields?.of ?? []))].map((name) => ({
      name: FIELDS_OF + name,
      text: `import('${paths.get(name)}').${name}`,
    })),
  ];
  for (const one of routes) {
    const method = `import('${paths.get(one.type.name)}').${one.type.name}['${one.method}']`;
    wanted.push({ name: ANSWER_OF + keyOf(one), text: `Json<Awaited<ReturnType<${method}>>>` });
    for (const index of [argumentOf(one, RouteParamtypes.BODY), argumentOf(one, RouteParamtypes.QUERY)])
      if (index !== null)
        wanted.push({
          name: `${ARGUMENT_OF}${keyOf(one)}${index}`,
          text: `NonNullable<Parameters<${method}>[${index}]>`,
        });
  }
  const { of, named } = schemasOf(wanted);
  const schemas: Schemas = { ...named };
  applyValidators(schemas, validatedClasses());

  const described = CHAPTERS.flatMap((chapter) =>
    chapter.requests.map((doc): Described => {
      const entrance = routes.find((one) => nameOf(one) === doc.route)!;
      const argument = (kind: RouteParamtypes): Schema | null => {
        const index = argumentOf(entrance, kind);
        return index === null ? null : (of.get(`${ARGUMENT_OF}${keyOf(entrance)}${index}`) ?? null);
      };
      const answer = of.get(ANSWER_OF + keyOf(entrance)) ?? null;
      return {
        entrance,
        doc,
        chapter,
        status: statusOf(entrance),
        // What a GET may have as a body is not for documents: most clients cannot send it.
        body: entrance.scope === 'GET' ? null : argument(RouteParamtypes.BODY),
        query: argument(RouteParamtypes.QUERY),
        fields: doc.fields === undefined ? null : (of.get(FIELDS_OF + doc.fields.of) ?? null),
        answer: isEmpty(answer) ? null : answer,
      };
    }),
  );
  return { routes: described, schemas };
}

export function openApi({ routes, schemas }: ApiDescription, version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const one of routes) {
    const path = one.entrance.name.replace(/:(\w+)/g, '{$1}');
    const method = one.entrance.scope.toLowerCase();
    paths[path] ??= {};
    paths[path][method] ??= operation(one, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ApiCeChat',
      version,
      description:
        'Talking with customers on WhatsApp and live chat. Lists answer `{ data, meta }`, errors ' +
        '`{ statusCode, code, message, details?, requestId }` with a code that never changes its meaning; the live chat answers ' +
        '`{ status: "success", data }` and `{ status: "error", message, error_code, details? }`. Times are ISO 8601 in UTC.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: CHAPTERS.map(({ title, about }) => ({ name: title, description: about })),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: used(schemas, paths),
    },
  };
}

function operation(one: Described, schemas: Schemas): object {
  const { entrance, doc, chapter } = one;
  const body = requestBody(one, schemas);
  return {
    operationId: entrance.handler.replace('Controller.', '_'),
    tags: [chapter.title],
    summary: doc.name,
    description: [doc.about, who(entrance)].filter((text) => text !== undefined).join('\n\n'),
    ...securityOf(entrance),
    parameters: [...pathParameters(entrance), ...queryParameters(one, schemas), ...headerParameters(one)],
    ...(body === null ? {} : { requestBody: body }),
    responses: { ...success(one, schemas), ...failures(one) },
  };
}

function pathParameters({ name }: Entrance): object[] {
  return [...name.matchAll(/:(\w+)/g)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: /^id$|Id$/.test(parameter!) ? { type: 'integer', minimum: 1 } : { type: 'string' },
  }));
}

function queryParameters({ query, doc }: Described, schemas: Schemas): object[] {
  const known = query === null ? {} : (resolve(query, schemas).properties ?? {});
  const required = query === null ? [] : (resolve(query, schemas).required ?? []);
  return Object.entries(known).map(([name, schema]) => {
    const { description, ...rest } = schema;
    const example = doc.query?.[name];
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(example === undefined || example.includes('{{') ? {} : { example }),
    };
  });
}

function headerParameters({ entrance, doc }: Described): object[] {
  const names = headersOf(entrance);
  const extra = Object.keys(doc.headers ?? {}).filter((name) => !names.includes(name));
  const signed = entrance.rule?.kind === 'callers' ? SIGNED_HEADERS : [];
  return [
    ...[...names, ...extra].map((name) => ({
      name,
      in: 'header',
      required: false,
      schema: { type: 'string' },
    })),
    ...signed.map(([name, description]) => ({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    })),
  ];
}

function requestBody({ doc, body, fields }: Described, schemas: Schemas): object | null {
  if (doc.files !== undefined) {
    const properties = Object.fromEntries(
      Object.entries(doc.files).map(([field, files]) => {
        const file = { type: 'string', format: 'binary' };
        return [field, files.length > 1 ? { type: 'array', items: file } : file];
      }),
    );
    const beside = fields === null ? {} : resolve(fields, schemas);
    const schema = {
      type: 'object',
      properties: { ...properties, ...beside.properties },
      required: [...Object.keys(properties), ...(beside.required ?? [])],
    };
    return { required: true, content: { 'multipart/form-data': { schema } } };
  }
  if (doc.raw !== undefined) {
    const content = { schema: { type: 'string' }, example: doc.raw.text };
    return { required: true, content: { [doc.raw.type]: content } };
  }
  if (body === null && doc.body === undefined) return null;
  const schema = body === null || isEmpty(body) ? { type: 'object' } : body;
  const example =
    doc.body === undefined ? sampleOf(schema, schemas) : withoutVariables(doc.body, schema, schemas);
  const required = (resolve(schema, schemas).required ?? []).length > 0;
  return { required, content: { 'application/json': { schema, example } } };
}

function success({ doc, status, answer }: Described, schemas: Schemas): Record<string, object> {
  if (doc.answers === 'application/json') {
    const content = { schema: { type: 'object' }, example: {} };
    return { [status]: { description: 'Done.', content: { [doc.answers]: content } } };
  }
  if (doc.answers !== undefined) {
    const schema = { type: 'string', ...(doc.answers.startsWith('text/') ? {} : { format: 'binary' }) };
    return { [status]: { description: 'Done.', content: { [doc.answers]: { schema } } } };
  }
  if (answer === null) return { [status]: { description: 'Done; the answer has no body.' } };
  const content = { schema: answer, example: sampleOf(answer, schemas) };
  return { [status]: { description: 'Done.', content: { 'application/json': content } } };
}

/** The example with something in the place of every value of Postman's. */
function withoutVariables(value: unknown, schema: Schema, schemas: Schemas, name = ''): unknown {
  const one = resolve(schema, schemas);
  if (Array.isArray(value))
    return value.map((each) => withoutVariables(each, one.items ?? {}, schemas, name));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        withoutVariables(inner, one.properties?.[key] ?? {}, schemas, key),
      ]),
    );
  }
  if (typeof value !== 'string' || !value.includes('{{')) return value;
  const sample = sampleOf(schema, schemas, name);
  return sample ?? (/^\{\{\w+_id\}\}$/.test(value) ? 1 : value.replace(/\{\{\$?(\w+)\}\}/g, '$1'));
}

/** Only the schemas that something refers to. */
function used(schemas: Schemas, from: unknown): Schemas {
  const names = new Set<string>([PROBLEM]);
  const look = (value: unknown): void => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (names.has(name!)) continue;
      names.add(name!);
      look(schemas[name!] ?? {});
    }
  };
  look(from);
  look(schemas[PROBLEM] ?? {});
  return Object.fromEntries([...names].toSorted().map((name) => [name, schemas[name] ?? {}]));
}

export function nameOf(entrance: Entrance): string {
  return `${entrance.scope} ${entrance.name}`;
}

function keyOf({ type, method }: Entrance): string {
  return `${type.name}${method.charAt(0).toUpperCase()}${method.slice(1)}`;
}

function isEmpty(schema: Schema | null): boolean {
  return (
    schema === null ||
    Object.keys(schema).filter((key) => key !== 'description').length === 0 ||
    schema.type === 'null'
  );
}

function statusOf({ type, method, scope }: Entrance): number {
  const handler = (type.prototype as Record<string, object>)[method]!;
  const declared = Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined;
  return declared ?? (scope === 'POST' ? 201 : 200);
}

type Arguments = Record<string, { index: number; data?: unknown }>;

function argumentsOf({ type, method }: Entrance): Arguments {
  return (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, method) as Arguments | undefined) ?? {};
}

/** Which argument of the handler is the whole body or the whole query. */
function argumentOf(entrance: Entrance, kind: RouteParamtypes): number | null {
  const found = Object.entries(argumentsOf(entrance)).find(
    ([key, { data }]) => key.startsWith(`${kind}:`) && data === undefined,
  );
  return found?.[1].index ?? null;
}

function headersOf(entrance: Entrance): string[] {
  return Object.entries(argumentsOf(entrance))
    .filter(([key, { data }]) => key.startsWith(`${RouteParamtypes.HEADERS}:`) && typeof data === 'string')
    .map(([, { data }]) => String(data));
}

export type { Class };
