import { IsOptional, IsString, Length, Matches } from 'class-validator';
import type { UserDto } from '../users/user.dto';

export class LoginDto {
  @IsString()
  @Length(1, 150)
  username!: string;

  @IsString()
  @Length(1, 200)
  password!: string;

  /** The workspace's short name; needed only where an installation has several. */
  @IsOptional()
  @IsString()
  @Matches(/^[a-z0-9-]{1,63}$/, { message: 'workspace must be a short name of letters, digits and hyphens' })
  workspace?: string;
}

export interface LoginAnswer {
  access_token: string;
  token_type: 'Bearer';
  /** Seconds. */
  expires_in: number;
  user: UserDto & { workspace: { id: number; slug: string; name: string } };
}
