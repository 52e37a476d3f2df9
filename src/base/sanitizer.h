/* SPDX-License-Identifier: Apache-2.0 */
/* base/sanitizer: BASE_SANITIZED is defined in a build with the address sanitizer. */
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define BASE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BASE_SANITIZED 1
#endif
#endif
