import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config';
import type { GraphFailure } from './graph-answer';
import { GraphClient, type GraphTarget } from './graph-client';
import { idOf, objectOf, objectsOf, textOf } from './loose-json';
import type { NumberCheckDto, NumberCheckName } from './whatsapp-integration.dto';

/** What Meta says of a number, and whether messages will come and go. */
export interface NumberReport {
  ok: boolean;
  /** In the order in which they were made; what cannot be known after a failure is left out. */
  checks: NumberCheckDto[];
  displayPhoneNumber: string | null;
  verifiedName: string | null;
  qualityRating: string | null;
}

/** Somebody waits for the answer. */
const TIMEOUT_SECONDS = 10;
const NUMBER_FIELDS = 'id,display_phone_number,verified_name,quality_rating';
const PAGE = 100;
/** Meta allows an account far fewer numbers. */
const MAX_PAGES = 20;

const MAX_DISPLAY_NUMBER = 30;
const MAX_NAME = 150;
const MAX_RATING = 20;

const INVALID_TOKEN = [0, 102, 104, 190, 463, 467];
const UNKNOWN_OBJECT = [33, 100, 803];

const isPermission = (code: number): boolean =>
  [3, 10, 131005].includes(code) || (code >= 200 && code <= 299);

/** Asks Meta about a number before anything depends on it. Never throws; never within a unit of work. */
@Injectable()
export class NumberInspector {
  private readonly graph: GraphClient;

  constructor(@Inject(CONFIG) config: Config) {
    const seconds = Math.min(TIMEOUT_SECONDS, config.whatsapp.sendTimeoutSeconds);
    this.graph = new GraphClient({ timeoutMs: seconds * 1000 });
  }

  async inspect(target: GraphTarget, businessAccountId: string | null): Promise<NumberReport> {
    const answer = await this.graph.get(target, [target.phoneNumberId], { fields: NUMBER_FIELDS });
    const json = answer.kind === 'answered' ? answer.json : {};
    const checks = answer.kind === 'answered' ? soundNumber(json.id, target) : [failed('number', answer)];
    if (checks.every(({ ok }) => ok) && businessAccountId !== null)
      checks.push(
        await this.account(target, businessAccountId),
        await this.webhooks(target, businessAccountId),
      );
    return {
      ok: checks.every(({ ok }) => ok),
      checks,
      displayPhoneNumber: textOf(json.display_phone_number, MAX_DISPLAY_NUMBER),
      verifiedName: textOf(json.verified_name, MAX_NAME),
      qualityRating: textOf(json.quality_rating, MAX_RATING),
    };
  }

  /** Whether the account holds the number. */
  private async account(target: GraphTarget, accountId: string): Promise<NumberCheckDto> {
    let after: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = { fields: 'id', limit: String(PAGE), ...(after === null ? {} : { after }) };
      const answer = await this.graph.get(target, [accountId, 'phone_numbers'], query);
      if (answer.kind !== 'answered') return failed('business_account', answer);
      if (objectsOf(answer.json.data).some(({ id }) => idOf(id) === target.phoneNumberId))
        return passed('business_account', 'The number belongs to this business account.');
      const paging = objectOf(answer.json.paging);
      after = paging?.next === undefined ? null : idOf(objectOf(paging.cursors)?.after);
      if (after === null) break;
    }
    return {
      name: 'business_account',
      ok: false,
      message: 'This business account does not have the number: one of the two ids is wrong.',
    };
  }

  /** Whether anybody hears what customers write. */
  private async webhooks(target: GraphTarget, accountId: string): Promise<NumberCheckDto> {
    const answer = await this.graph.get(target, [accountId, 'subscribed_apps'], {});
    if (answer.kind !== 'answered') return failed('webhooks', answer);
    const apps = objectsOf(answer.json.data).map(
      (app) => textOf(objectOf(app.whatsapp_business_api_data)?.name, MAX_NAME) ?? 'an app without a name',
    );
    if (apps.length > 0)
      return passed('webhooks', `Subscribed to the account's webhooks: ${apps.slice(0, 10).join(', ')}.`);
    return {
      name: 'webhooks',
      ok: false,
      message: `No app is subscribed to the account's webhooks, so no message comes in. Subscribe yours: POST /${accountId}/subscribed_apps.`,
    };
  }
}

function soundNumber(id: unknown, target: GraphTarget): NumberCheckDto[] {
  if (idOf(id) !== target.phoneNumberId)
    return [{ name: 'number', ok: false, message: 'Meta answered with something else than this number.' }];
  return [
    passed('token', 'Meta accepts the access token.'),
    passed('number', 'Meta knows the number, and the token may use it.'),
  ];
}

function passed(name: NumberCheckName, message: string): NumberCheckDto {
  return { name, ok: true, message };
}

/** What went wrong, under the name of what is to be mended. */
function failed(about: NumberCheckName, failure: GraphFailure): NumberCheckDto {
  if (failure.kind !== 'refused') {
    const [what] = failure.reason.split(';'); // the rest tells of a message, and there is none
    return {
      name: 'connection',
      ok: false,
      message: `${what}. Nothing is known of the number now; try again.`,
    };
  }
  const { code, reason, class: errorClass } = failure.error;
  const [said] = reason.match(/\(WhatsApp: .*\)$/s) ?? [''];
  const wrong = (name: NumberCheckName, message: string): NumberCheckDto => ({
    name,
    ok: false,
    message: `${message} ${said}`.trim(),
  });
  if (code !== null && INVALID_TOKEN.includes(code))
    return wrong('token', 'Meta does not accept the access token: it is wrong, expired or was revoked.');
  if (code !== null && isPermission(code))
    return wrong(
      about === 'number' ? 'token' : about,
      about === 'number'
        ? 'The access token lacks the permission whatsapp_business_messaging for this number.'
        : 'The access token lacks the permission whatsapp_business_management for the business account.',
    );
  if (code !== null && UNKNOWN_OBJECT.includes(code))
    return wrong(
      about,
      about === 'number'
        ? 'Meta knows no such phone_number_id, or the access token belongs to another business.'
        : 'Meta knows no such business_account_id, or the access token belongs to another business.',
    );
  if (errorClass === 'slow_number')
    return wrong('connection', 'Meta answers no more questions for now; try again later.');
  return { name: about, ok: false, message: reason };
}
