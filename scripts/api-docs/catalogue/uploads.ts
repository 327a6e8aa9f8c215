import type { Chapter, RouteDoc } from '../route-doc';

const FILES = 'docs/postman-files';

const refused = {
  PAYLOAD_TOO_LARGE: 'The file is larger than its kind may be.',
  UNSUPPORTED_MEDIA_TYPE:
    'The content is of a type that is not taken here; its name and header do not count.',
  FILE_INFECTED:
    'The virus scanner found something in the file, which `details.signature` names. Nothing of it was kept.',
  SCANNER_UNAVAILABLE:
    'Files are scanned for viruses here, and the scanner cannot be reached or is too slow: try again later.',
} as const;

const upload = (kind: string, file: string, about: string, more: Partial<RouteDoc> = {}): RouteDoc => ({
  route: `POST /upload/${kind}`,
  name: kind === 'single' ? 'Upload a file' : `Upload ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`,
  about,
  files: { file: [`${FILES}/${file}`] },
  errors: refused,
  ...more,
});

/** Keeps the parts of the link of the answer. */
const KEEP_LINK = [
  "const link = pm.response.json().url.split('?');",
  "pm.collectionVariables.set('file_uuid', link[0].split('/').pop());",
  "pm.collectionVariables.set('file_signature', link[1].replace('signature=', ''));",
  "const thumbnail = pm.response.json().thumbnail_url.split('?signature=');",
  "pm.collectionVariables.set('thumbnail_signature', thumbnail[1]);",
];

export const UPLOADS: Chapter = {
  title: 'Files',
  about:
    'Files to send. The type is decided by the content. Links in answers open the file without a token and do not ' +
    'expire; nobody can guess them.',
  requests: [
    upload('single', 'photo.png', 'Of any kind that may be uploaded.', {
      save: { upload_id: 'id' },
      after: KEEP_LINK,
    }),
    {
      route: 'POST /upload/multiple',
      name: 'Upload several files',
      about: 'Up to ten; all of them are stored, or none.',
      files: { files: [`${FILES}/photo.png`, `${FILES}/leaflet.pdf`] },
      errors: refused,
    },
    upload(
      'image',
      'photo.png',
      'JPEG, PNG, GIF or WebP of up to 10 MB. Answers with a thumbnail and a preview.',
    ),
    upload('video', 'clip.mp4', 'MP4, MPEG, QuickTime or WebM of up to 50 MB.'),
    upload('audio', 'voice.wav', 'MP3, WAV, OGG or WebM of up to 10 MB.'),
    upload('document', 'leaflet.pdf', 'PDF, Word, Excel or text of up to 10 MB.'),
    {
      route: 'POST /messages',
      name: 'Send a file to a customer',
      about: 'Several files become several messages, in order.',
      body: {
        conversation_id: '{{conversation_id}}',
        attachments: [{ upload_id: '{{upload_id}}', caption: 'La campera negra' }],
      },
    },
    {
      route: 'GET /files/:uuid',
      name: 'Open a file',
      about: 'By the link that an answer gave. Ranges are answered.',
      path: { uuid: '{{file_uuid}}' },
      query: { signature: '{{file_signature}}' },
      answers: 'image/png',
      anonymous: true,
    },
    {
      route: 'GET /files/:uuid/:variant',
      name: 'Open the thumbnail or preview of a file',
      about: 'Each has a link of its own: the signature of another one does not open it.',
      path: { uuid: '{{file_uuid}}', variant: 'thumbnail' },
      query: { signature: '{{thumbnail_signature}}' },
      answers: 'image/webp',
      anonymous: true,
    },
  ],
};
