import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import type { StaffActor } from '../common/actor';
import { Access, Public } from '../platform/http/access';
import { CurrentActor } from '../platform/http/current-actor';
import { LimitedAsLogin } from '../platform/http/rate-limit.guard';
import { type LoginAnswer, LoginDto } from './auth.dto';
import { AuthService } from './auth.service';

@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('login')
  @HttpCode(200)
  @Public('this is where one signs in')
  @LimitedAsLogin()
  async login(@Body() input: LoginDto): Promise<LoginAnswer> {
    return await this.auth.login(input);
  }

  /** Ends the token, here and on every socket that was opened with it. */
  @Post('logout')
  @HttpCode(200)
  @Access('employer')
  async logout(@CurrentActor() actor: StaffActor): Promise<{ message: string }> {
    await this.auth.logout(actor);
    return { message: 'Signed out.' };
  }
}
