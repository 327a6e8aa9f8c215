import type { Chapter } from '../route-doc';

export const AUTH: Chapter = {
  title: 'Signing in',
  about:
    'A token is good until it expires or its owner signs out. Send it as `Authorization: Bearer <token>`.',
  requests: [
    {
      route: 'POST /auth/login',
      name: 'Sign in',
      about: 'Where several workspaces share the installation, `workspace` names yours.',
      body: { username: '{{username}}', password: '{{password}}' },
      save: { token: 'access_token', user_id: 'user.id' },
      errors: { INVALID_CREDENTIALS: 'Username, password or workspace is wrong, or the account is closed.' },
      anonymous: true,
    },
  ],
};

/** The last request of a run: afterwards the token is worth nothing. */
export const SIGN_OUT: Chapter = {
  title: 'Signing out',
  about: 'Ends the token at once, also on sockets.',
  requests: [{ route: 'POST /auth/logout', name: 'Sign out' }],
};
