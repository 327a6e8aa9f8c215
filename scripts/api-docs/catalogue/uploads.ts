import type { Chapter, RouteDoc } from '../route-doc';

const FIXTURES = 'test/fixtures/uploads';

const errors: RouteDoc['errors'] = {
  MALFORMED_BODY: 'The form breaks off, or is not written as multipart/form-data.',
  PAYLOAD_TOO_LARGE: 'The file is larger than its kind may be, or an image has more than 100 megapixels.',
  UNSUPPORTED_MEDIA_TYPE:
    'The content is of another type, or of two at once; the message says what was found.',
  STORAGE_UNAVAILABLE: 'Files cannot be stored right now.',
};

const link = (route: string, name: string, variant: string): RouteDoc => ({
  route,
  name,
  about:
    'Links stand whole in `url`, `thumbnail_url` and `preview_url`; nobody needs to put one together. `Range` and ' +
    '`If-None-Match` are understood. Only images, sounds and videos are shown in a page, everything else is offered for saving.',
  path: { uuid: '{{file_uuid}}', ...(variant === '' ? {} : { variant }) },
  query: { signature: '{{file_signature}}' },
  before: [
    `pm.collectionVariables.set('file_signature', pm.collectionVariables.get('${variant || 'file'}_url').split('=')[1]);`,
  ],
  answers: variant === '' ? 'image/png' : 'image/webp',
  anonymous: true,
  errors: {
    FORBIDDEN: 'The signature is not that of this file and variant.',
    RANGE_NOT_SATISFIABLE: 'The file is shorter than the range that was asked for.',
    STORAGE_UNAVAILABLE: 'Files cannot be read right now.',
  },
});

export const UPLOADS: Chapter = {
  title: 'Files',
  about:
    'Files are uploaded first and sent with a message afterwards. What a file is, its content decides, not its name. One ' +
    'that no message shows is removed after a week. Links to files need no token and do not expire.',
  requests: [
    {
      route: 'POST /upload/single',
      name: 'Upload a file',
      about: 'Of any kind that is accepted.',
      files: { file: [`${FIXTURES}/notes.txt`] },
      save: { upload_id: 'id' },
      errors,
    },
    {
      route: 'POST /upload/multiple',
      name: 'Upload several files',
      about: 'Up to ten. All of them are stored, or none.',
      files: { files: [`${FIXTURES}/notes.txt`, `${FIXTURES}/photo.png`] },
      errors,
    },
    {
      route: 'POST /upload/image',
      name: 'Upload an image',
      about: 'JPEG, PNG, GIF or WebP of up to 10 MB.',
      files: { file: [`${FIXTURES}/photo.png`] },
      save: { file_uuid: 'uuid', file_url: 'url', thumbnail_url: 'thumbnail_url' },
      errors,
    },
    {
      route: 'POST /upload/video',
      name: 'Upload a video',
      about: 'MP4, MPEG, QuickTime or WebM of up to 50 MB.',
      files: { file: [`${FIXTURES}/clip.mp4`] },
      errors,
    },
    {
      route: 'POST /upload/audio',
      name: 'Upload a sound',
      about: 'MP3, WAV, OGG or WebM of up to 10 MB.',
      files: { file: [`${FIXTURES}/voice.wav`] },
      errors,
    },
    {
      route: 'POST /upload/document',
      name: 'Upload a document',
      about: 'PDF, Word, Excel or UTF-8 text of up to 10 MB; no macros.',
      files: { file: [`${FIXTURES}/invoice.pdf`] },
      errors,
    },
    link('GET /files/:uuid', 'Open a file', ''),
    link('GET /files/:uuid/:variant', 'Open a smaller picture of a file', 'thumbnail'),
  ],
};
