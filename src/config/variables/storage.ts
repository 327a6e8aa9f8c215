import { inGroup } from '../variable';

export const STORAGE = inGroup('Storage', {
  SUPABASE_URL: {
    kind: 'url',
    schemes: ['https://', 'http://'],
    fallback: null,
    description:
      'Files are kept in Supabase Storage, such as https://project.supabase.co. Without the three SUPABASE_* variables they are kept in DATA_DIR/files.',
  },
  SUPABASE_KEY: {
    kind: 'text',
    secret: true,
    fallback: null,
    description: 'Service-role key of that project.',
  },
  SUPABASE_BUCKET: {
    kind: 'text',
    fallback: null,
    description: 'Bucket of that project, such as attachments. It may and should be private.',
  },
  STORAGE_PUBLIC: {
    kind: 'boolean',
    fallback: 'false',
    description:
      'true: files are shown by the public addresses of the (public) Supabase bucket, through its CDN; whoever knows one can read the file for ever. false: by signed links to this server.',
  },
});
