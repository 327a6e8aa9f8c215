import { graphFailure, type GraphFailure } from './graph-error';
import { graphPage } from './graph-page';
import { newObjectId } from './identifiers';
import { at, compact, listAt, textAt, type JsonObject } from './json-values';

/** A message template as Graph lists it. */
export interface Template {
  id: string;
  name: string;
  language: string;
  /** `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, … */
  status: string;
  category: string;
  /** How its variables are called: by number or by name. */
  parameter_format: 'POSITIONAL' | 'NAMED';
  components: JsonObject[];
}

const VARIABLE = /\{\{\s*(\w+)\s*\}\}/g;

/**
 * The templates of the business. Until some are put here, templates are taken at their word; from then on a send is
 * held against them as Meta does it.
 */
export class TemplateStore {
  private known: Template[] | null = null;

  /** An empty list is one, too: then no template exists. */
  set(templates: (Partial<Template> & Pick<Template, 'name' | 'components'>)[]): void {
    this.known = templates.map((template) => ({
      id: newObjectId(),
      language: 'en',
      status: 'APPROVED',
      category: 'UTILITY',
      parameter_format: 'POSITIONAL',
      ...template,
    }));
  }

  clear(): void {
    this.known = null;
  }

  page(query: URLSearchParams): JsonObject {
    return graphPage(this.known ?? [], query);
  }

  /** Meta's refusal of a template message, if it has one. */
  problem(body: JsonObject): GraphFailure | undefined {
    if (body.type !== 'template' || this.known === null) return undefined;
    const template = this.find(body);
    if (template?.status !== 'APPROVED') {
      const name = textAt(body, 'template', 'name');
      const language = textAt(body, 'template', 'language', 'code');
      return graphFailure(132001, `template name (${name}) does not exist in ${language}`);
    }
    return headerProblem(template, body) ?? bodyProblem(template, body) ?? buttonProblem(template, body);
  }

  /** The message with what the customer reads, for the phone page. */
  filled(body: JsonObject): JsonObject {
    const template = body.type === 'template' ? this.find(body) : undefined;
    if (!template) return body;
    const buttons = listAt(componentOf(template, 'BUTTONS'), 'buttons').map((button, index) => ({
      type: textAt(button, 'type') ?? '',
      text: textAt(button, 'text') ?? '',
      payload: textAt(buttonGiven(body, index), 'parameters', 0, 'payload') ?? textAt(button, 'text') ?? '',
    }));
    const filled = compact({
      header: fill(textAt(componentOf(template, 'HEADER'), 'text'), given(body, 'header')),
      text: fill(textAt(componentOf(template, 'BODY'), 'text'), given(body, 'body')),
      footer: textAt(componentOf(template, 'FOOTER'), 'text'),
      buttons,
    });
    return { ...body, template: { ...(body.template as JsonObject), filled } };
  }

  private find(body: JsonObject): Template | undefined {
    const name = textAt(body, 'template', 'name');
    const language = textAt(body, 'template', 'language', 'code');
    return this.known?.find((one) => one.name === name && one.language === language);
  }
}

function componentOf(template: Template, type: string): JsonObject | undefined {
  return template.components.find((one) => one.type === type);
}

function variablesOf(text: string | undefined): string[] {
  return [...new Set([...(text ?? '').matchAll(VARIABLE)].map((found) => found[1] ?? ''))];
}

/** The parameters of a component of the message. */
function given(body: JsonObject, type: string): unknown[] {
  const component = listAt(body, 'template', 'components').find((one) => textAt(one, 'type') === type);
  return listAt(component, 'parameters');
}

function buttonGiven(body: JsonObject, index: number): unknown {
  return listAt(body, 'template', 'components').find(
    (one) => textAt(one, 'type') === 'button' && Number(at(one, 'index')) === index,
  );
}

function headerProblem(template: Template, body: JsonObject): GraphFailure | undefined {
  const header = componentOf(template, 'HEADER');
  const parameters = given(body, 'header');
  const format = textAt(header, 'format') ?? 'TEXT';
  if (format !== 'TEXT') {
    const kind = format.toLowerCase();
    if (parameters.length !== 1)
      return graphFailure(132012, `header: Format mismatch, expected ${format}, received UNKNOWN`);
    return textAt(parameters[0], 'type') === kind
      ? undefined
      : graphFailure(132012, `header: Format mismatch, expected ${format}`);
  }
  return countProblem('header', variablesOf(textAt(header, 'text')), parameters, template);
}

function bodyProblem(template: Template, body: JsonObject): GraphFailure | undefined {
  const variables = variablesOf(textAt(componentOf(template, 'BODY'), 'text'));
  return countProblem('body', variables, given(body, 'body'), template);
}

function countProblem(
  where: string,
  variables: string[],
  parameters: unknown[],
  template: Template,
): GraphFailure | undefined {
  if (variables.length !== parameters.length)
    return graphFailure(
      132000,
      `${where}: number of localizable_params (${parameters.length}) does not match the expected number of params (${variables.length})`,
    );
  const names = parameters.map((one) => textAt(one, 'parameter_name'));
  if (template.parameter_format === 'NAMED' && variables.some((name) => !names.includes(name)))
    return graphFailure(132012, `${where}: parameter name is missing or empty`);
  return undefined;
}

function buttonProblem(template: Template, body: JsonObject): GraphFailure | undefined {
  const buttons = listAt(componentOf(template, 'BUTTONS'), 'buttons');
  const sent = listAt(body, 'template', 'components').filter((one) => textAt(one, 'type') === 'button');
  for (const one of sent) {
    const button = buttons[Number(at(one, 'index'))];
    const type = textAt(button, 'type')?.toLowerCase();
    if (type === undefined || type !== textAt(one, 'sub_type'))
      return graphFailure(
        132012,
        `buttons: Button at index ${String(at(one, 'index'))} of the template is not ${textAt(one, 'sub_type')}`,
      );
  }
  const lacking = buttons.findIndex(
    (button, index) => needsValue(button) && buttonGiven(body, index) === undefined,
  );
  return lacking === -1
    ? undefined
    : graphFailure(132012, `buttons: Button at index ${lacking} of the template requires a parameter`);
}

function needsValue(button: unknown): boolean {
  const type = textAt(button, 'type');
  return type === 'COPY_CODE' || (type === 'URL' && variablesOf(textAt(button, 'url')).length > 0);
}

function fill(text: string | undefined, parameters: unknown[]): string | undefined {
  const variables = variablesOf(text);
  return text?.replaceAll(VARIABLE, (whole, name: string) => {
    const named = parameters.find((one) => textAt(one, 'parameter_name') === name);
    return textAt(named ?? parameters[variables.indexOf(name)], 'text') ?? whole;
  });
}

/** For trying out. */
export const DEMO_TEMPLATES: Parameters<TemplateStore['set']>[0] = [
  {
    name: 'hello_world',
    language: 'en_US',
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'Hello World' },
      { type: 'BODY', text: 'Welcome. This template shows that a conversation can begin with us.' },
      { type: 'FOOTER', text: 'A simulated business' },
    ],
  },
  {
    name: 'order_update',
    language: 'en',
    components: [
      { type: 'BODY', text: 'Hi {{1}}, your order {{2}} is on its way.' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Thank you' },
          { type: 'URL', text: 'Track it', url: 'https://shop.example.com/track/{{1}}' },
        ],
      },
    ],
  },
  {
    name: 'weekend_offer',
    language: 'en',
    category: 'MARKETING',
    parameter_format: 'NAMED',
    components: [
      { type: 'HEADER', format: 'IMAGE' },
      { type: 'BODY', text: '{{first_name}}, everything is {{discount}} off this weekend.' },
    ],
  },
  {
    name: 'not_yet',
    language: 'en',
    status: 'PENDING',
    components: [{ type: 'BODY', text: 'This one waits for its approval.' }],
  },
];
