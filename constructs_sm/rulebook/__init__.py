"""Every rule there is: what must hold, why, who says so, and what to do. It knows no CDK."""
