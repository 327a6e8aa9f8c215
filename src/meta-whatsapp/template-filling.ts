import { invalid } from '../common/app-error';
import type { TemplateValueDto } from '../messages/outgoing.dto';
import type { Payloads, StoredContent } from '../messages/outgoing.types';
import { fillIn, type TemplateShape } from './template-shape';

/**
 * A template message as the customer will read it, and as it is stored.
 *
 * @throws AppError `VALIDATION_FAILED` naming the field, where Meta would refuse what the template was given
 */
export function filledTemplate(shape: TemplateShape, payload: TemplatePayload): StoredContent {
  const header = headerOf(shape, payload);
  const body = valuesOf(shape.body.variables, payload.body ?? [], shape.named, 'payload.body');
  const buttons = buttonsOf(shape, payload);
  const shown = [
    shape.header?.kind === 'text' ? fillIn(shape.header.text, valueIn(header.values)) : null,
    fillIn(shape.body.text, valueIn(body)),
    shape.footer,
    shape.buttons.map((button) => `[${button.text}]`).join(' '),
  ];
  return {
    body: shown.filter(Boolean).join('\n'),
    payload: {
      kind: 'template',
      ...payload,
      ...(header.given && { header: header.given }),
      ...(body.size > 0 && { body: listOf(body, shape.named) }),
      ...(buttons.length > 0 && { buttons }),
    },
  };
}

type TemplatePayload = Payloads['template'];
type Values = ReadonlyMap<string, string>;
type Header = NonNullable<TemplatePayload['header']>;

function headerOf(
  { header, named }: TemplateShape,
  { header: given }: TemplatePayload,
): { given: Header | null; values: Values } {
  const at = 'payload.header';
  if (header === null || (header.kind === 'text' && header.variables.length === 0)) {
    if (given) throw invalid(at, 'The header of this template takes nothing.');
    return { given: null, values: new Map() };
  }
  switch (header.kind) {
    case 'text': {
      const value = given?.value;
      if (!value) throw invalid(`${at}.value`, 'The header of this template needs a value.');
      const values = valuesOf(header.variables, [value], named && Boolean(value.name), `${at}.value`);
      const [filled] = listOf(named ? values : new Map([['1', value.text]]), named);
      return { given: { value: filled! }, values };
    }
    case 'location':
      if (!given?.location) throw invalid(`${at}.location`, 'The header of this template needs a location.');
      return { given, values: new Map() };
    case 'other':
      throw invalid(
        'payload.name',
        `Templates with a header of type ${header.format} cannot be sent from here.`,
      );
    case 'image':
    case 'video':
    case 'document':
      if (given?.type !== header.kind)
        throw invalid(`${at}.type`, `The header of this template needs a file of type ${header.kind}.`);
      return { given, values: new Map() };
  }
}

/** The value of each variable: by name where the template names them, else by place. */
function valuesOf(
  variables: string[],
  given: readonly TemplateValueDto[],
  named: boolean,
  field: string,
): Values {
  if (given.length !== variables.length)
    throw invalid(field, `The template has ${counted(variables.length)}; ${given.length} given.`);
  if (!named) return new Map(variables.map((name, i) => [name, given[i]!.text]));
  const values = new Map(given.map((one) => [one.name ?? '', one.text]));
  const missing = variables.filter((name) => !values.has(name));
  if (missing.length > 0) throw invalid(field, `The template's variable "${missing[0]}" has no value.`);
  return values;
}

function buttonsOf(shape: TemplateShape, payload: TemplatePayload): NonNullable<TemplatePayload['buttons']> {
  const given = payload.buttons ?? [];
  if (new Set(given.map(({ index }) => index)).size < given.length)
    throw invalid('payload.buttons', 'Each button is given once.');
  const completed = given.map((button, i) => {
    const at = `payload.buttons.${i}`;
    const known = shape.buttons[button.index];
    if (known === undefined) throw invalid(`${at}.index`, `The template has no button ${button.index}.`);
    if (known.kind === 'other' || (known.kind === 'url' && !known.needsValue))
      throw invalid(`${at}.index`, `The button "${known.text}" of this template takes nothing.`);
    if (button.type && button.type !== known.kind)
      throw invalid(`${at}.type`, `The button "${known.text}" of this template is of type ${known.kind}.`);
    return { index: button.index, type: known.kind, value: button.value };
  });
  const lacking = shape.buttons.findIndex(
    (button, index) => button.needsValue && !given.some((one) => one.index === index),
  );
  if (lacking !== -1)
    throw invalid(
      'payload.buttons',
      `The button "${shape.buttons[lacking]!.text}" (${lacking}) needs a value.`,
    );
  return completed;
}

function valueIn(values: Values): (name: string) => string | undefined {
  return (name) => values.get(name);
}

function listOf(values: Values, named: boolean): TemplateValueDto[] {
  return [...values].map(([name, text]) => (named ? { name, text } : { text }));
}

function counted(variables: number): string {
  return variables === 1 ? 'one variable' : `${variables} variables`;
}
