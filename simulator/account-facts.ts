import type { BusinessNumber } from './envelope';
import type { JsonObject } from './json-values';

const NUMBER_FIELDS = ['id', 'verified_name', 'display_phone_number', 'quality_rating'];

/** A number as Graph describes it: the fields that were asked for, or its own choice. */
export function describeNumber(number: BusinessNumber, fields: string | null): JsonObject {
  const known: JsonObject = {
    id: number.phoneNumberId,
    verified_name: 'Simulated business',
    display_phone_number: number.displayPhoneNumber,
    quality_rating: 'GREEN',
    throughput: { level: 'STANDARD' },
    code_verification_status: 'VERIFIED',
    name_status: 'APPROVED',
    platform_type: 'CLOUD_API',
    status: 'CONNECTED',
    whatsapp_business_manager_messaging_limit: 'TIER_100K',
  };
  const wanted = fields === null ? NUMBER_FIELDS : [...fields.split(',').map((name) => name.trim()), 'id'];
  return Object.fromEntries(Object.entries(known).filter(([name]) => wanted.includes(name)));
}

/** An app that hears an account's webhooks, as Graph lists it. */
export function describeApp(name: string, index: number): JsonObject {
  return {
    whatsapp_business_api_data: {
      link: `https://www.facebook.com/games/?app_id=67084348395500${index}`,
      name,
      id: `67084348395500${index}`,
    },
  };
}
