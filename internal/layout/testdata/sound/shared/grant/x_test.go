package grant

import _ "rescind/internal/testkit/broken"
