import type { SealedColumn } from '../platform/crypto/sealed-column';

export const ACCESS_TOKENS: SealedColumn = {
  table: 'whatsapp_integration_config',
  column: 'access_token',
  boundTo: 'phone_number_id',
};
