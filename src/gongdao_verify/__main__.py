"""`python -m gongdao_verify FILE`."""

import sys

from gongdao_verify.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
