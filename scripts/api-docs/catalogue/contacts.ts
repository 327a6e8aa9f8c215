import type { Chapter } from '../route-doc';

const TAKEN = {
  CONFLICT:
    'Another contact has the phone number or the external id; `details` says which: `{ field, contact_id }`.',
} as const;
const FILE = {
  PAYLOAD_TOO_LARGE: 'More than 10,000 rows or 2 MB.',
  UNSUPPORTED_MEDIA_TYPE: 'Not text/csv in UTF-8.',
} as const;

export const CONTACTS: Chapter = {
  title: 'Contacts',
  about:
    'The customers: for admins only. Who writes for the first time becomes a contact by itself. Numbers are shown in ' +
    'E.164 and may be entered as people write them. The guide is docs/contacts.md.',
  requests: [
    {
      route: 'POST /contacts/import',
      name: 'Import contacts',
      about:
        'Columns name, phone_number, external_id and tags, in any order, with commas or semicolons. A row is found by ' +
        'its external id, then by its phone number; empty cells change nothing. Refused rows do not stop the others.',
      raw: {
        type: 'text/csv',
        text: 'external_id,name,tags\ncollection-import-1,Ana Souza,vip|new\ncollection-import-2,José Lima,vip\n',
      },
      errors: FILE,
    },
    {
      route: 'GET /contacts/external-id/:id',
      name: 'Find a contact by its external id',
      path: { id: 'collection-import-1' },
      save: { imported_contact_id: 'id' },
    },
    {
      route: 'GET /contacts/:id/tags',
      name: 'The tags of a contact',
      path: { id: '{{imported_contact_id}}' },
      save: { given_tag_id: 'data.0.id' },
    },
    {
      route: 'POST /contacts',
      name: 'Make a contact',
      about: 'At least one of the three fields.',
      body: {
        name: 'Bia Reis',
        phone_number: '+55 11 96000-0001',
        external_id: 'collection-made',
      },
      save: { new_contact_id: 'id', new_contact_phone: 'phone_number' },
      errors: TAKEN,
    },
    {
      route: 'GET /contacts',
      name: 'List and find contacts',
      about:
        'All words of `search` occur in name, phone number or external id, whatever their case and accents.',
      query: { search: 'jose', tag_id: '{{given_tag_id}}', sort: 'name', limit: '20' },
    },
    { route: 'GET /contacts/:id', name: 'Show a contact', path: { id: '{{new_contact_id}}' } },
    {
      route: 'GET /contacts/phone/:number',
      name: 'Find a contact by its phone number',
      about: 'In any spelling, percent-encoded.',
      path: { number: '{{new_contact_phone}}' },
    },
    {
      route: 'PATCH /contacts/:id',
      name: 'Change a contact',
      path: { id: '{{new_contact_id}}' },
      body: { name: 'Beatriz Reis' },
      errors: TAKEN,
    },
    {
      route: 'POST /contacts/:id/tags',
      name: 'Give a contact tags',
      about: 'Those that it has already stay as they are.',
      path: { id: '{{new_contact_id}}' },
      body: { tag_ids: ['{{given_tag_id}}'] },
    },
    {
      route: 'GET /contacts/by-tag/:tagId',
      name: 'Contacts with a tag',
      path: { tagId: '{{given_tag_id}}' },
    },
    {
      route: 'DELETE /contacts/:id/tags',
      name: 'Take tags from a contact',
      about: 'In the body, or as `?tag_ids=1,2`.',
      path: { id: '{{new_contact_id}}' },
      query: { tag_ids: '{{given_tag_id}}' },
    },
    {
      route: 'GET /contacts/export.csv',
      name: 'Export contacts',
      about: 'With the filters of the list. An import takes the file again.',
      query: { tag_id: '{{given_tag_id}}' },
      answers: 'text/csv',
    },
    {
      route: 'POST /contacts/:id/merge',
      name: 'Make one contact of two',
      about:
        'Everything of the contact in the body becomes this one’s. Asked for again, it answers the same.',
      path: { id: '{{imported_contact_id}}' },
      body: { contact_id: '{{new_contact_id}}' },
    },
    {
      route: 'DELETE /contacts/:id',
      name: 'Delete a contact',
      about: 'With all its conversations and everything that was said in them.',
      path: { id: '{{imported_contact_id}}' },
    },
  ],
};
