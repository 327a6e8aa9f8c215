import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { CONFIG, type Config } from '../config/config';
import { HttpModule } from '../platform/http/http.module';
import { RateLimiter, RateLimitGuard } from '../platform/http/rate-limit.guard';
import { UsersModule } from '../users/users.module';
import { WorkspacesModule } from '../workspaces/workspaces.module';
import { AccessGuard } from './access.guard';
import { AuthController } from './auth.controller';
import { AuthService } from './auth.service';
import { JwtStrategy } from './jwt.strategy';
import { SessionsRepository } from './sessions.repository';
import { SessionsService } from './sessions.service';
import { tokenKey } from './token-key';

@Module({
  imports: [
    HttpModule,
    WorkspacesModule,
    UsersModule,
    JwtModule.registerAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({
        secret: tokenKey(config),
        signOptions: { algorithm: 'HS256', issuer: 'apicechat' },
        verifyOptions: { algorithms: ['HS256'], issuer: 'apicechat' },
      }),
    }),
  ],
  controllers: [AuthController],
  providers: [
    AuthService,
    SessionsService,
    SessionsRepository,
    JwtStrategy,
    // In this order: requests are counted by user where one is signed in.
    RateLimiter,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
  ],
  exports: [SessionsService],
})
export class AuthModule {}
