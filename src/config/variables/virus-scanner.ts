import { inGroup } from '../variable';

export const VIRUS_SCANNER = inGroup('Virus scanner', {
  CLAMD_URL: {
    kind: 'url',
    schemes: ['tcp://', 'unix:///'],
    fallback: null,
    description:
      "ClamAV's daemon, which then scans every file before it is kept: tcp://host:3310 or unix:///run/clamav/clamd.ctl. While it is away no file is taken. Without it files are not scanned.",
  },
  CLAMD_TIMEOUT: {
    kind: 'duration',
    min: 1,
    max: 600,
    fallback: '45s',
    description: 'How long it may take with one file, to be less than a proxy waits for an answer.',
  },
});
