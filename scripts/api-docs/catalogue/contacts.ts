import type { Chapter } from '../route-doc';

const TAKEN = {
  CONFLICT: 'Another contact has this external id or phone number; `details` names it.',
} as const;

export const CONTACTS: Chapter = {
  title: 'Contacts',
  about: 'The customers. Phone numbers are taken in any spelling and shown in E.164.',
  requests: [
    {
      route: 'POST /contacts',
      name: 'Make a contact',
      about: 'At least one of name, phone number and external id.',
      body: { name: 'Bruno Costa', external_id: 'crm-{{$timestamp}}', phone_number: '+34 612 34 56 78' },
      save: { new_contact_id: 'id' },
      errors: TAKEN,
    },
    {
      route: 'POST /contacts',
      name: 'Make another contact',
      body: { name: 'Bruno C.', external_id: 'old-{{$timestamp}}' },
      save: { double_contact_id: 'id', double_external: 'external_id' },
    },
    {
      route: 'GET /contacts',
      name: 'List and search the contacts',
      about: 'Over name, phone number and external id, whatever the case and accents.',
      query: { search: 'bruno', sort: 'name', limit: '50' },
    },
    { route: 'GET /contacts/:id', name: 'Show a contact', path: { id: '{{new_contact_id}}' } },
    {
      route: 'GET /contacts/external-id/:id',
      name: 'Find a contact by external id',
      path: { id: '{{double_external}}' },
    },
    {
      route: 'GET /contacts/phone/:number',
      name: 'Find a contact by phone number',
      path: { number: '%2B34612345678' },
    },
    {
      route: 'PATCH /contacts/:id',
      name: 'Change a contact',
      path: { id: '{{new_contact_id}}' },
      body: { name: 'Bruno Costa Silva' },
      errors: TAKEN,
    },
    {
      route: 'POST /contacts/:id/tags',
      name: 'Tag a contact',
      about: 'Several at once; tags it has already stay. The answer shows all of them.',
      path: { id: '{{new_contact_id}}' },
      body: { tag_ids: ['{{tag_id}}'] },
    },
    { route: 'GET /contacts/:id/tags', name: 'The tags of a contact', path: { id: '{{new_contact_id}}' } },
    { route: 'GET /contacts/by-tag/:tagId', name: 'Who has a tag', path: { tagId: '{{tag_id}}' } },
    {
      route: 'DELETE /contacts/:id/tags',
      name: 'Take tags from a contact',
      path: { id: '{{new_contact_id}}' },
      body: { tag_ids: ['{{tag_id}}'] },
    },
    {
      route: 'POST /contacts/:id/merge',
      name: 'Make two contacts one',
      about: 'Conversations, names and tags of the other one move here, and it is gone. No message is lost.',
      path: { id: '{{new_contact_id}}' },
      body: { contact_id: '{{double_contact_id}}' },
      errors: { CONFLICT: 'Both are the same contact.' },
    },
    {
      route: 'POST /contacts/import',
      name: 'Import contacts from a file',
      about:
        'CSV in UTF-8, up to 10,000 rows and 2 MB. Rows that are refused are listed and do not stop the others.',
      raw: {
        type: 'text/csv',
        text: 'name,phone_number,tags\nCarla Díaz,+34 612 00 00 01,VIP|Nuevo\nno number,12,\n',
      },
      errors: {
        VALIDATION_FAILED:
          'The file is no CSV, not in UTF-8, or has columns that mean nothing here. Nothing of it is taken.',
        PAYLOAD_TOO_LARGE: 'The file has more than 10,000 rows or 2 MB.',
        UNSUPPORTED_MEDIA_TYPE: 'The body is not text/csv in UTF-8.',
      },
    },
    {
      route: 'GET /contacts/export.csv',
      name: 'Export contacts to a file',
      query: { search: 'carla' },
      answers: 'text/csv',
    },
  ],
};

export const ACCOUNTS: Chapter = {
  title: 'Accounts of contacts',
  about: 'What contacts use elsewhere. Of the password only the end is ever shown again.',
  requests: [
    {
      route: 'POST /contact-user-accounts',
      name: 'Make an account',
      body: {
        contact_id: '{{new_contact_id}}',
        username_final: 'bruno.costa',
        password_final: 'a secret of theirs',
        server_id: '{{server_id}}',
        application_id: '{{application_id}}',
        device_id: '{{device_id}}',
        date_exp: '2027-12-31',
      },
      save: { account_id: 'id' },
    },
    {
      route: 'GET /contact-user-accounts',
      name: 'List the accounts',
      query: { contact_id: '{{new_contact_id}}', expired: 'false' },
    },
    { route: 'GET /contact-user-accounts/:id', name: 'Show an account', path: { id: '{{account_id}}' } },
    {
      route: 'PATCH /contact-user-accounts/:id',
      name: 'Change an account',
      path: { id: '{{account_id}}' },
      body: { date_exp: null, password_final: 'another secret' },
    },
    { route: 'DELETE /contact-user-accounts/:id', name: 'Delete an account', path: { id: '{{account_id}}' } },
    {
      route: 'DELETE /contacts/:id',
      name: 'Delete a contact',
      about: 'With all their conversations and everything that was said in them.',
      path: { id: '{{new_contact_id}}' },
    },
  ],
};
